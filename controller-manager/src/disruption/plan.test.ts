import { describe, expect, it } from 'vitest'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { PodDisruptionBudget, PodDisruptionBudgetSpec } from '@kubets/shared/api/types/policy-v1.ts'
import { failed, needsScale, plan, staleIn, unmanagedText } from './plan.ts'

const now = Date.parse('2026-01-01T01:00:00Z')

const budget = (spec: PodDisruptionBudgetSpec, disruptedPods?: Record<string, string>): PodDisruptionBudget => ({
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  metadata: { name: 'pdb', generation: 3 },
  spec,
  ...(disruptedPods
    ? { status: { disruptedPods, disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 } }
    : {}),
})

/** "a b! c~": a is ready, b is not, c goes. */
const podsOf = (line: string): Pod[] =>
  line
    .split(' ')
    .filter((word) => word !== '')
    .map((word) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: word.slice(0, 1),
        ...(word.includes('~') ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
      },
      spec: { containers: [] },
      status: { conditions: [{ type: 'Ready', status: word.includes('!') ? 'False' : 'True' }] },
    }))

describe('a budget', () => {
  it.each<
    [
      string,
      PodDisruptionBudgetSpec,
      string,
      number,
      [expected: number, healthy: number, desired: number, allowed: number],
    ]
  >([
    ['allows what is over the minimum', { minAvailable: 1 }, 'a b c', 0, [3, 3, 1, 2]],
    ['allows nothing at the minimum', { minAvailable: 3 }, 'a b c', 0, [3, 3, 3, 0]],
    ['counts only ready Pods', { minAvailable: 1 }, 'a b! c~', 0, [3, 1, 1, 0]],
    ['allows nothing without Pods', { minAvailable: 0 }, '', 0, [0, 0, 0, 0]],
    ['takes a share of what the owners want, rounded up', { minAvailable: '50%' }, 'a b', 3, [3, 2, 2, 0]],
    ['allows what may be missing of what the owners want', { maxUnavailable: 1 }, 'a b c', 3, [3, 3, 2, 1]],
    ['counts Pods that are missing already', { maxUnavailable: 1 }, 'a b', 3, [3, 2, 2, 0]],
    ['rounds up what may be missing', { maxUnavailable: '10%' }, 'a b c', 3, [3, 3, 2, 1]],
    ['wants no less than nothing', { maxUnavailable: 5 }, 'a', 1, [1, 1, 0, 1]],
    ['of nothing expects nothing', {}, 'a', 0, [0, 1, 0, 0]],
  ])('%s', (_, spec, pods, expected, [expectedPods, currentHealthy, desiredHealthy, disruptionsAllowed]) => {
    const { status } = plan(budget(spec), podsOf(pods), expected, now)
    expect(status).toEqual({
      expectedPods,
      currentHealthy,
      desiredHealthy,
      disruptionsAllowed,
      observedGeneration: 3,
      conditions: [
        {
          type: 'DisruptionAllowed',
          status: disruptionsAllowed > 0 ? 'True' : 'False',
          reason: disruptionsAllowed > 0 ? 'SufficientPods' : 'InsufficientPods',
          message: '',
          observedGeneration: 3,
          lastTransitionTime: '2026-01-01T01:00:00Z',
        },
      ],
    })
  })

  it('does not count a Pod whose eviction was let through, until two minutes are over', () => {
    const disrupted = { a: '2026-01-01T00:59:00Z', b: '2026-01-01T00:57:00Z', gone: '2026-01-01T00:59:30Z' }
    const planned = plan(budget({ minAvailable: 1 }, disrupted), podsOf('a b c'), 0, now)
    expect(planned.status).toMatchObject({
      disruptedPods: { a: disrupted.a },
      currentHealthy: 2,
      disruptionsAllowed: 1,
    })
    expect(planned.notDeleted.map(({ metadata }) => metadata.name)).toEqual(['b'])
    expect(planned.checkAfter).toBe(60_000)
  })

  it('allows nothing while the number of Pods cannot be known', () => {
    const before = plan(budget({ minAvailable: 1 }), podsOf('a b'), 0, now).status
    const status = failed({ ...budget({ minAvailable: 1 }), status: before }, 'no owner', now + 1000)
    expect(status).toMatchObject({
      disruptionsAllowed: 0,
      currentHealthy: 2,
      conditions: [
        {
          status: 'False',
          reason: 'SyncFailed',
          message: 'no owner',
          lastTransitionTime: '2026-01-01T01:00:01Z',
          observedGeneration: 3,
        },
      ],
    })
  })

  it('speaks of the spec that was counted last while this one cannot be', () => {
    const { status } = plan(budget({ minAvailable: 1 }), podsOf('a b'), 0, now)
    const changed = { ...budget({ minAvailable: 1 }), status }
    const later = failed({ ...changed, metadata: { ...changed.metadata, generation: 4 } }, 'no owner', now)
    expect(later).toMatchObject({ observedGeneration: 3, conditions: [{ observedGeneration: 3 }] })
  })

  it('asks owners only where it must', () => {
    expect(
      [{ minAvailable: 1 }, { minAvailable: '1%' }, { maxUnavailable: 1 }, {}].map((spec) => needsScale(budget(spec))),
    ).toEqual([false, true, true, false])
  })
})

describe('an announced disruption', () => {
  const pod = (status: string, more: { going?: boolean; reason?: string; phase?: string } = {}): Pod => {
    const { going = false, reason = 'EvictionByEvictionAPI', phase = 'Running' } = more
    const lastTransitionTime = '2026-01-01T00:59:00Z'
    return {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p', ...(going ? { deletionTimestamp: '2026-01-01T00:59:30Z' } : {}) },
      spec: { containers: [] },
      status: { phase, conditions: [{ type: 'DisruptionTarget', status, reason, lastTransitionTime }] },
    }
  }
  it.each([
    ['is stale after two minutes', pod('True'), 60_000],
    ['is not while the Pod goes', pod('True', { going: true }), undefined],
    ['is not when it was taken back', pod('False'), undefined],
    ['is not when the kubelet announced it', pod('True', { reason: 'TerminationByKubelet' }), undefined],
    ['is not when the Pod has ended', pod('True', { phase: 'Failed' }), undefined],
  ])('%s', (_, of, wait) => {
    expect(staleIn(of, now)).toBe(wait)
  })
})

it('tells of Pods without an owner under the selector as Go prints it', () => {
  expect(unmanagedText(budget({ maxUnavailable: 1, selector: { matchLabels: { b: 'y', a: 'x' } } }))).toBe(
    'Pods selected by this PodDisruptionBudget (selector: &LabelSelector{MatchLabels:map[string]string{a: x,b: y,},MatchExpressions:[]LabelSelectorRequirement{},}) were found to be unmanaged. As a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. To account for these pods please set ".spec.minAvailable" field of the PDB to an integer value.',
  )
})
