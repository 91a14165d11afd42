import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { RuntimeClass } from '@kubets/shared/api/types/node-v1.ts'
import { describe, expect, it } from 'vitest'
import { applyClass } from './runtime-class.ts'

describe('applyClass', () => {
  const pod = (spec: object): Pod => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {},
    spec: { containers: [], ...spec },
  })
  const runtimeClass: RuntimeClass = {
    apiVersion: 'node.k8s.io/v1',
    kind: 'RuntimeClass',
    metadata: {},
    handler: 'h',
    overhead: { podFixed: { cpu: '100m' } },
    scheduling: { nodeSelector: { a: 'b' }, tolerations: [{ key: 'k', operator: 'Exists' }] },
  }

  it('brings overhead, nodes and tolerations', () => {
    const given = pod({ nodeSelector: { c: 'd' }, tolerations: [{ key: 'x', operator: 'Exists' }] })
    expect(applyClass(given, runtimeClass)).toBeUndefined()
    const applied = structuredClone(given)
    expect(given.spec).toEqual({
      containers: [],
      overhead: { cpu: '100m' },
      nodeSelector: { a: 'b', c: 'd' },
      tolerations: [
        { key: 'x', operator: 'Exists' },
        { key: 'k', operator: 'Exists' },
      ],
    })
    expect(applyClass(given, runtimeClass)).toBeUndefined()
    expect(given).toEqual(applied)
  })

  it.each([
    [{ overhead: { cpu: '1' } }, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead"],
    [
      { nodeSelector: { a: 'c' } },
      'conflict: runtimeClass.scheduling.nodeSelector[a] = b; pod.spec.nodeSelector[a] = c',
    ],
  ])('finds a Pod that wants %j wrong', (spec, problem) => {
    expect(applyClass(pod(spec), runtimeClass)).toBe(problem)
  })

  it('takes the same amount written another way', () => {
    expect(applyClass(pod({ overhead: { cpu: '0.1' } }), runtimeClass)).toBeUndefined()
  })
})
