import { describe, expect, it } from 'vitest'
import type {
  HorizontalPodAutoscaler,
  HorizontalPodAutoscalerSpec,
  HorizontalPodAutoscalerStatus,
} from '@kubets/shared/api/types/autoscaling-v2.ts'
import { formatTime } from '@kubets/shared/machinery/time.ts'
import { noHistory } from './behavior.ts'
import type { History } from './behavior.ts'
import type { Outcome } from './evaluate.ts'
import { ambiguous, needsMetrics, notRescaled, plan, rescaled, sameStatus, selectorOf, withoutScale } from './plan.ts'
import type { Seen } from './plan.ts'

const now = Date.parse('2026-01-01T12:00:00Z')
const before = '2026-01-01T11:00:00Z'

const autoscaler = (
  spec: Partial<HorizontalPodAutoscalerSpec> = {},
  status?: Partial<HorizontalPodAutoscalerStatus>,
): HorizontalPodAutoscaler => ({
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  metadata: { name: 'hpa', namespace: 'ns' },
  spec: { scaleTargetRef: { kind: 'Deployment', name: 'web' }, minReplicas: 2, maxReplicas: 6, ...spec },
  ...(status ? { status: { desiredReplicas: 0, currentMetrics: [], ...status } } : {}),
})
const measured = (replicas: number, name = 'cpu'): Outcome => ({ replicas, name, status: { type: name } })
const failed = (word: string): Outcome => ({
  reason: `FailedGet${word}Metric`,
  cause: word,
  error: `no ${word}`,
})
/** Of an autoscaler that has not changed its mind for an hour. */
const old = (replicas: number): History => ({ ...noHistory, recommendations: [{ replicas, at: now - 3_600_000 }] })
const seen = (current: number, metrics: Seen['metrics'], more: Partial<Seen> = {}): Seen => ({
  autoscaler: autoscaler(),
  current,
  metrics,
  history: old(current),
  elapsed: now,
  downscaleStabilizationMs: 300_000,
  ...more,
})
/** The reason of each condition, "!" before those that are False. */
const told = ({ conditions = [] }: HorizontalPodAutoscalerStatus): Record<string, string> =>
  Object.fromEntries(conditions.map(({ type, status, reason }) => [type, `${status === 'True' ? '' : '!'}${reason}`]))

describe('metrics', () => {
  type Case = [string, number, Outcome[], number | undefined, string, Record<string, string>]
  const ready = {
    AbleToScale: 'ReadyForNewScale',
    ScalingActive: 'ValidMetricFound',
    ScalingLimited: '!DesiredWithinRange',
  }
  const inactive = { AbleToScale: 'SucceededGetScale', ScalingActive: '!FailedGetPodsMetric' }
  const low = 'All metrics below target'
  it.each<Case>([
    ['raise the size', 3, [measured(5)], 5, 'cpu above target', ready],
    ['lower the size', 5, [measured(3)], 3, low, ready],
    ['leave the size', 3, [measured(3)], undefined, '', ready],
    ['win by what they need', 3, [measured(4), measured(5, 'qps'), measured(1)], 5, 'qps above target', ready],
    ['stop at the maximum', 4, [measured(9)], 6, 'cpu above target', { ...ready, ScalingLimited: 'TooManyReplicas' }],
    ['stop at the minimum', 3, [measured(0)], 2, low, { ...ready, ScalingLimited: 'TooFewReplicas' }],
    ['may fail when others raise the size', 3, [failed('Pods'), measured(5)], 5, 'cpu above target', ready],
    ['may fail when others leave the size', 3, [measured(3), failed('Pods')], undefined, '', ready],
    [
      'keep the size when one fails of which more may be needed',
      5,
      [failed('Pods'), measured(3)],
      undefined,
      '',
      inactive,
    ],
    ['keep the size when all fail', 5, [failed('Pods'), failed('Resource')], undefined, '', inactive],
  ])('%s', (_, current, metrics, size, because, conditions) => {
    const planned = plan(seen(current, metrics), now)
    expect([planned.size, planned.because, told(planned.status)]).toEqual([size, because, conditions])
  })

  it('that fail are told of one by one and together', () => {
    const { warnings, error, status } = plan(seen(5, [failed('Pods'), measured(3), failed('Resource')]), now)
    expect(error).toBe('invalid metrics (2 invalid out of 3), first error is: no Pods')
    expect(warnings).toEqual([
      { reason: 'FailedGetPodsMetric', message: 'Pods' },
      { reason: 'FailedGetResourceMetric', message: 'Resource' },
      { reason: 'FailedComputeMetricsReplicas', message: error },
    ])
    expect(status.conditions?.[1]).toEqual({
      type: 'ScalingActive',
      status: 'False',
      reason: 'FailedGetPodsMetric',
      message: 'the HPA was unable to compute the replica count: Pods',
      lastTransitionTime: formatTime(now),
    })
    expect(status.currentMetrics).toEqual([{ type: '' }, { type: 'cpu' }, { type: '' }])
  })

  it('that fail beside others are told of, and looked at again', () => {
    const { warnings, error, size, fault } = plan(seen(3, [failed('Pods'), measured(5)]), now)
    expect(fault).toBe('internal')
    expect([warnings, error, size]).toEqual([
      [{ reason: 'FailedGetPodsMetric', message: 'Pods' }],
      'invalid metrics (1 invalid out of 2), first error is: no Pods',
      5,
    ])
  })

  it('lower the size no further than what was recommended of late', () => {
    const history = { ...noHistory, recommendations: [{ replicas: 4, at: now - 100_000 }] }
    const planned = plan(seen(5, [measured(2)], { history }), now)
    expect([planned.size, told(planned.status)['AbleToScale']]).toEqual([4, 'ScaleDownStabilized'])
    expect(planned.history.recommendations.map(({ replicas }) => replicas)).toEqual([4, 2])
  })

  it.each([3_600_000, -3_600_000])('look back for as long when the wall clock is set by %i ms', (byMs) => {
    const history = { ...noHistory, recommendations: [{ replicas: 4, at: now - 100_000 }] }
    expect(plan(seen(5, [measured(2)], { history }), now + byMs).size).toBe(4)
  })

  it('do not lower the size at the first look', () => {
    expect(plan(seen(5, [measured(2)], { history: noHistory }), now).size).toBeUndefined()
  })

  it('obey behaviour', () => {
    const down = { policies: [{ type: 'Pods', value: 1, periodSeconds: 60 }] }
    const up = { stabilizationWindowSeconds: 0, policies: [{ type: 'Pods', value: 1, periodSeconds: 60 }] }
    const behaving = autoscaler({ behavior: { scaleDown: down, scaleUp: up } })
    const at = (current: number, wanted: number, history = old(current)): [number | undefined, string | undefined] => {
      const planned = plan(seen(current, [measured(wanted)], { autoscaler: behaving, history }), now)
      return [planned.size, told(planned.status)['ScalingLimited']]
    }
    expect(at(3, 6)).toEqual([4, 'ScaleUpLimit'])
    expect(at(5, 2)).toEqual([4, 'ScaleDownLimit'])
    const recent = { ...noHistory, recommendations: [{ replicas: 5, at: now - 299_000 }] }
    expect(at(5, 2, recent)).toEqual([undefined, '!DesiredWithinRange'])
    const changed = { ...old(4), ups: [{ replicas: 1, at: now - 30_000 }] }
    expect(at(4, 6, changed)).toEqual([undefined, 'ScaleUpLimit'])
  })
})

describe('a size out of bounds', () => {
  it.each<[string, number, number | undefined, string, Record<string, string>]>([
    ['above', 9, 6, 'Current number of replicas above Spec.MaxReplicas', { AbleToScale: 'SucceededGetScale' }],
    ['below', 1, 2, 'Current number of replicas below Spec.MinReplicas', { AbleToScale: 'SucceededGetScale' }],
    ['none at all', 0, undefined, '', { AbleToScale: 'SucceededGetScale', ScalingActive: '!ScalingDisabled' }],
  ])('%s', (_, current, size, because, conditions) => {
    expect(needsMetrics(autoscaler(), current)).toBe(false)
    const planned = plan(seen(current, []), now)
    expect([planned.size, planned.because, told(planned.status)]).toEqual([size, because, conditions])
    expect(planned.status).toMatchObject({ currentReplicas: current, currentMetrics: [] })
  })

  it('is one for metrics inside them', () => {
    expect([2, 6].map((current) => needsMetrics(autoscaler(), current))).toEqual([true, true])
    expect(needsMetrics(autoscaler({ minReplicas: 0 }), 0)).toBe(true)
  })
})

describe('a selector', () => {
  it('is required', () => {
    const problem = selectorOf('')
    const { status, warnings, error } = plan(seen(3, 'event' in problem ? problem : []), now)
    expect(status.conditions?.[1]).toMatchObject({
      status: 'False',
      reason: 'InvalidSelector',
      message: "the HPA target's scale is missing a selector",
    })
    expect(warnings.map(({ reason, message }) => `${reason}: ${message}`)).toEqual([
      'SelectorRequired: selector is required',
      'FailedComputeMetricsReplicas: selector is required',
    ])
    expect(error).toBe('selector is required')
  })

  it('must be one', () => {
    const problem = selectorOf('cheddar cheese')
    expect('event' in problem && problem.event).toEqual({
      reason: 'InvalidSelector',
      message:
        "couldn't convert selector into a corresponding internal selector object: unable to parse requirement: found 'cheese', expected: in, notin, =, ==, !=, gt, lt",
    })
  })

  it('is for one autoscaler', () => {
    const keys = ['a', 'b'].map((name) => ({ name, namespace: 'ns' }))
    const message = 'pods by selector app=web are controlled by multiple HPAs: [{a ns} {b ns}]'
    expect(ambiguous('app=web', keys).condition).toEqual({ reason: 'AmbiguousSelector', message })
  })
})

describe('the status', () => {
  const was: Partial<HorizontalPodAutoscalerStatus> = {
    currentReplicas: 3,
    desiredReplicas: 3,
    lastScaleTime: before,
    conditions: [{ type: 'AbleToScale', status: 'True', reason: 'X', message: 'x', lastTransitionTime: before }],
  }
  const given = seen(3, [measured(5)], { autoscaler: autoscaler({}, was) })

  it('tells of a new size', () => {
    const { status } = rescaled(given, plan(given, now), 5, now)
    expect(status).toMatchObject({ currentReplicas: 3, desiredReplicas: 5, lastScaleTime: formatTime(now) })
    expect(status.conditions?.[0]).toEqual({
      type: 'AbleToScale',
      status: 'True',
      reason: 'SucceededRescale',
      message: 'the HPA controller was able to update the target scale to 5',
      lastTransitionTime: before,
    })
  })

  it('tells of a size that could not be changed', () => {
    const status = notRescaled(given, plan(given, now), 'no', now)
    expect(status).toMatchObject({ desiredReplicas: 3, lastScaleTime: before })
    expect(status.conditions?.[0]).toEqual({
      type: 'AbleToScale',
      status: 'False',
      reason: 'FailedUpdateScale',
      message: 'the HPA controller was unable to update the target scale: no',
      lastTransitionTime: formatTime(now),
    })
  })

  it('tells of a target that cannot be found, and keeps what was known', () => {
    const status = withoutScale(given.autoscaler, 'no', now)
    expect(status).toMatchObject({ currentReplicas: 3, desiredReplicas: 3 })
    expect(status.conditions?.[0]).toMatchObject({
      status: 'False',
      reason: 'FailedGetScale',
      message: "the HPA controller was unable to get the target's current scale: no",
    })
    expect(sameStatus(withoutScale({ ...given.autoscaler, status }, 'no', now + 1), status)).toBe(true)
  })

  it('remembers a change only for policies', () => {
    expect(rescaled(given, plan(given, now), 5, now).history.ups).toEqual([])
    const behaving = { ...given, autoscaler: autoscaler({ behavior: {} }, was) }
    expect(rescaled(behaving, plan(given, now), 5, now).history.ups).toEqual([{ replicas: 2, at: now }])
  })

  it('is the same whether the server wrote what Go omits or not', () => {
    const written = { desiredReplicas: 0, currentMetrics: [], currentReplicas: 0, conditions: [] }
    expect(sameStatus(undefined, written)).toBe(true)
    expect(sameStatus(written, { ...written, currentReplicas: 1 })).toBe(false)
  })
})
