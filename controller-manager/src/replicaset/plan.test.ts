import { describe, expect, it } from 'vitest'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { plan, planStatus } from './plan.ts'
import type { ReplicaOwner } from './plan.ts'

const now = Date.parse('2026-01-01T00:01:00Z')

interface Shape {
  phase?: string
  readySince?: string
  deleted?: boolean
  labels?: Record<string, string>
}

const pod = (name: string, shape: Shape = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name,
    uid: name,
    labels: shape.labels ?? { app: 'web' },
    ...(shape.deleted ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
  },
  spec: { containers: [], nodeName: 'n' },
  status: {
    phase: shape.phase ?? 'Running',
    ...(shape.readySince
      ? { conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: shape.readySince }] }
      : {}),
  },
})

const owner = (replicas: number, rest: Partial<ReplicaOwner> = {}): ReplicaOwner => ({
  generation: 1,
  deleting: false,
  replicas,
  minReadySeconds: 0,
  templateLabels: { app: 'web' },
  status: { replicas: 0 },
  countsTerminating: true,
  ...rest,
})

const decide = (seenOwner: ReplicaOwner, pods: Pod[], current = true): [number, string[]] => {
  const result = plan({ owner: seenOwner, pods, related: pods, current }, now)
  return [result.create, result.delete.map((each) => each.metadata.name ?? '')]
}

describe('plan', () => {
  const cases: { name: string; got: [number, string[]]; want: [number, string[]] }[] = [
    { name: 'creates what is missing', got: decide(owner(3), [pod('a')]), want: [2, []] },
    { name: 'does nothing when it fits', got: decide(owner(1), [pod('a')]), want: [0, []] },
    { name: 'waits for its cache', got: decide(owner(3), [], false), want: [0, []] },
    { name: 'leaves all to the collector when deleted', got: decide(owner(3, { deleting: true }), []), want: [0, []] },
    {
      name: 'replaces finished and dying Pods',
      got: decide(owner(2), [pod('a', { phase: 'Failed' }), pod('b', { deleted: true }), pod('c')]),
      want: [1, []],
    },
    {
      name: 'deletes the pending one first',
      got: decide(owner(1), [pod('a', { readySince: '2026-01-01T00:00:00Z' }), pod('b', { phase: 'Pending' })]),
      want: [0, ['b']],
    },
    { name: 'deletes all for none', got: decide(owner(0), [pod('a'), pod('b')]), want: [0, ['a', 'b']] },
    { name: 'creates at most 500 at a time', got: decide(owner(2000), []), want: [500, []] },
  ]
  for (const { name, got, want } of cases) it(name, () => expect(got).toEqual(want))
})

describe('planStatus', () => {
  it('counts', () => {
    const pods = [
      pod('a', { readySince: '2026-01-01T00:00:00Z' }),
      pod('b', { labels: { other: 'x' } }),
      pod('c', { deleted: true }),
      pod('d', { phase: 'Succeeded' }),
    ]
    expect(planStatus(owner(3), pods, undefined, now)).toEqual({
      changed: true,
      status: {
        replicas: 2,
        fullyLabeledReplicas: 1,
        readyReplicas: 1,
        availableReplicas: 1,
        terminatingReplicas: 1,
        observedGeneration: 1,
      },
    })
  })

  it('sees no change where the server left zeroes out', () => {
    const status = { replicas: 0, observedGeneration: 1, terminatingReplicas: 0 }
    expect(planStatus(owner(0, { status }), [], undefined, now).changed).toBe(false)
  })

  it('asks to be called when minReadySeconds have passed', () => {
    const pods = [pod('a', { readySince: '2026-01-01T00:00:55Z' }), pod('b', { readySince: '2026-01-01T00:00:58Z' })]
    const result = planStatus(owner(2, { minReadySeconds: 10 }), pods, undefined, now)
    expect(result.status.availableReplicas).toBeUndefined()
    expect(result.checkAfter).toBe(5000)
  })

  it('reports a failed write once and clears it', () => {
    const failed = planStatus(owner(1), [], 'quota exceeded', now).status
    expect(failed.conditions).toEqual([
      {
        type: 'ReplicaFailure',
        status: 'True',
        reason: 'FailedCreate',
        message: 'quota exceeded',
        lastTransitionTime: '2026-01-01T00:01:00Z',
      },
    ])
    const again = planStatus(owner(1, { status: failed }), [], 'another text', now + 5000)
    expect(again.changed).toBe(false)
    expect(planStatus(owner(1, { status: failed }), [], undefined, now).status.conditions).toBeUndefined()
  })
})
