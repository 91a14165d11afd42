import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { describe, expect, it } from 'vitest'
import { chooseContainer } from './kubelet.ts'

const pod = (...containers: string[]): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web' },
  spec: { containers: containers.map((name) => ({ name })), initContainers: [{ name: 'init' }] },
})

describe('chooseContainer', () => {
  it('takes the only one', () => expect(chooseContainer(pod('a'), '')).toBe('a'))
  it('takes an init container by name', () => expect(chooseContainer(pod('a'), 'init')).toBe('init'))
  it('asks which of several', () => {
    expect(() => chooseContainer(pod('a', 'b'), '')).toThrow(
      'a container name must be specified for pod web, choose one of: [a b] or one of the init containers: [init]',
    )
  })
  it('refuses an unknown one', () => {
    expect(() => chooseContainer(pod('a'), 'x')).toThrow('container x is not valid for pod web')
  })
})
