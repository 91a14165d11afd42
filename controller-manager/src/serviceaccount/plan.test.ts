import { expect, it } from 'vitest'
import type { Namespace } from '@kubets/shared/api/types/core-v1.ts'
import { plan } from './plan.ts'

const namespace = (phase: string): Namespace => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: 'n' },
  spec: {},
  status: { phase },
})

it('makes the default account where it is missing', () => {
  expect(plan(namespace('Active'), false)?.metadata).toEqual({ name: 'default', namespace: 'n' })
  expect(plan(namespace('Active'), true)).toBeUndefined()
  expect(plan(namespace('Terminating'), false)).toBeUndefined()
})
