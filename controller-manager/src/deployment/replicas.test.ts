import { describe, expect, it } from 'vitest'
import type { Deployment, ReplicaSet } from '@kubets/shared/api/types/apps-v1.ts'
import { maxSurge, maxUnavailable, newSetReplicas, proportionalSizes } from './replicas.ts'

const deployment = (
  replicas: number,
  surge: number | string = '25%',
  unavailable: number | string = '25%',
): Deployment => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec: {
    replicas,
    selector: {},
    template: { spec: { containers: [] } },
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: surge, maxUnavailable: unavailable } },
  },
})

const set = (name: string, replicas: number, max?: number): ReplicaSet => ({
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  metadata: {
    name,
    creationTimestamp: '2026-01-01T00:00:00Z',
    ...(max === undefined ? {} : { annotations: { 'deployment.kubernetes.io/max-replicas': String(max) } }),
  },
  spec: { replicas, selector: {} },
})

describe('fenceposts', () => {
  const cases: [Deployment, number, number][] = [
    [deployment(4), 1, 1],
    [deployment(3), 1, 0],
    [deployment(1), 1, 0],
    [deployment(10), 3, 2],
    [deployment(3, 0, 0), 0, 1],
    [deployment(0), 0, 0],
    [deployment(2, 0, 5), 0, 2],
  ]
  for (const [each, surge, unavailable] of cases)
    it(`of ${each.spec.replicas} with ${JSON.stringify(each.spec.strategy?.rollingUpdate)}`, () =>
      expect([maxSurge(each), maxUnavailable(each)]).toEqual([surge, unavailable]))

  it('are none for Recreate', () => {
    const recreate: Deployment = { ...deployment(4), spec: { ...deployment(4).spec, strategy: { type: 'Recreate' } } }
    expect([maxSurge(recreate), maxUnavailable(recreate)]).toEqual([0, 0])
  })
})

describe('newSetReplicas', () => {
  const cases: { name: string; wanted: number; sets: ReplicaSet[]; current: number; want: number }[] = [
    { name: 'all at once when there is no other', wanted: 3, sets: [], current: 0, want: 3 },
    { name: 'the surge beside a full one', wanted: 4, sets: [set('old', 4)], current: 0, want: 1 },
    { name: 'what was made free', wanted: 4, sets: [set('old', 2), set('new', 1)], current: 1, want: 3 },
    { name: 'nothing without room', wanted: 4, sets: [set('old', 4), set('new', 1)], current: 1, want: 1 },
    { name: 'not above the wanted', wanted: 4, sets: [set('new', 3)], current: 3, want: 4 },
  ]
  for (const { name, wanted, sets, current, want } of cases)
    it(name, () => expect(newSetReplicas(deployment(wanted), sets, current)).toBe(want))
})

describe('proportionalSizes', () => {
  // The documentation's example: 10 replicas with surge 3 and unavailable 2, stuck at 8 old and 5 new, scaled to 15.
  it('spreads a growth', () => {
    const sizes = proportionalSizes(deployment(15, 3, 2), [set('old', 8, 13), set('new', 5, 13)])
    expect(Object.fromEntries(sizes)).toEqual({ old: 11, new: 7 })
  })

  it('spreads a shrinking', () => {
    const sizes = proportionalSizes(deployment(5, 3, 2), [set('old', 8, 13), set('new', 5, 13)])
    expect(Object.fromEntries(sizes)).toEqual({ old: 5, new: 3 })
  })

  it('takes all to nothing', () => {
    const sizes = proportionalSizes(deployment(0, 3, 2), [set('old', 8, 13), set('new', 5, 13)])
    expect(Object.fromEntries(sizes)).toEqual({ old: 0, new: 0 })
  })
})
