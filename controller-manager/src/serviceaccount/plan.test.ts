import { describe, expect, it } from 'vitest'
import type { Namespace } from '@kubets/shared/api/types/core-v1.ts'
import { plan } from './plan.ts'

const namespace = (phase: string | undefined, going = false): Namespace => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: 'n', ...(going ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}) },
  spec: {},
  ...(phase === undefined ? {} : { status: { phase } }),
})
const made = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace: 'n' } }

const cases: [name: string, namespace: Namespace, exists: boolean, want: object | undefined][] = [
  ['is made where it is missing', namespace('Active'), false, made],
  ['is made in a namespace that says nothing of its phase', namespace(undefined), false, made],
  ['is left as it is, whatever it holds', namespace('Active'), true, undefined],
  ['is not made in a namespace that goes', namespace('Terminating', true), false, undefined],
  ['is not made in one that has just been told to', namespace('Active', true), false, undefined],
  ['is not made where only the phase says so', namespace('Terminating'), false, undefined],
  ['is nobody’s to delete', namespace('Terminating', true), true, undefined],
]
describe('the account "default"', () => {
  it.each(cases)('%s', (_, each, exists, want) => expect(plan(each, exists)).toEqual(want))
})
