import { setCondition } from '@kubets/shared/api/pod.ts'
import type {
  HorizontalPodAutoscaler,
  HorizontalPodAutoscalerStatus,
  MetricStatus,
} from '@kubets/shared/api/types/autoscaling-v2.ts'
import { deepEqual } from '@kubets/shared/machinery/deep.ts'
import { parseLabelSelector } from '@kubets/shared/machinery/selector.ts'
import type { Selector } from '@kubets/shared/machinery/selector.ts'
import { formatTime } from '@kubets/shared/machinery/time.ts'
import { messageOf } from '../failure.ts'
import {
  limit,
  limitByPolicies,
  stabilize,
  stabilizeBothWays,
  stabilizedDown,
  withChange,
  withFirst,
} from './behavior.ts'
import type { History } from './behavior.ts'
import { faultOf } from './evaluate.ts'
import type { Failed, Outcome } from './evaluate.ts'
import type { Fault } from './metrics.ts'

type Conditions = NonNullable<HorizontalPodAutoscalerStatus['conditions']>

/** An event to be recorded as a warning. */
export interface Warning {
  readonly reason: string
  readonly message: string
}

/** Why the Pods of a target cannot be told, or not be told apart from those of another autoscaler. */
export interface SelectorProblem {
  readonly event: Warning
  readonly condition: Warning
}

/** An autoscaler as it was found, with its target's size. */
export interface Seen {
  readonly autoscaler: HorizontalPodAutoscaler
  /** The size that the target's spec asks for. */
  readonly current: number
  readonly history: History
  /** The time the history goes by, which nobody sets, ms. */
  readonly elapsed: number
  /** One for each metric of the spec, in order; empty where `needsMetrics` says so. */
  readonly metrics: readonly Outcome[] | SelectorProblem
  /** For autoscalers that do not say themselves for how long they look back before they scale down. */
  readonly downscaleStabilizationMs: number
}

export interface Plan {
  /** The size that the target is to have, when that is another one. */
  readonly size: number | undefined
  /** Why, as the event tells it. */
  readonly because: string
  /** When the size stays as it is. */
  readonly status: HorizontalPodAutoscalerStatus
  readonly history: History
  readonly warnings: readonly Warning[]
  /** What kept metrics from being taken into account. */
  readonly error: string | undefined
  readonly fault: Fault
}

const minOf = ({ spec }: HorizontalPodAutoscaler): number => spec.minReplicas ?? 1

const isDisabled = (autoscaler: HorizontalPodAutoscaler, current: number): boolean =>
  current === 0 && minOf(autoscaler) !== 0

/** Whether the metrics decide on the size; otherwise the bounds do, or nothing. */
export const needsMetrics = (autoscaler: HorizontalPodAutoscaler, current: number): boolean =>
  !isDisabled(autoscaler, current) && current <= autoscaler.spec.maxReplicas && current >= minOf(autoscaler)

const condition = (
  conditions: Conditions | undefined,
  type: 'AbleToScale' | 'ScalingActive' | 'ScalingLimited',
  isTrue: boolean,
  { reason, message }: Warning,
  now: number,
): Conditions => setCondition(conditions, { type, status: isTrue ? 'True' : 'False', reason, message }, now)

/** The status when the target's size cannot be known. */
// pkg/controller/podautoscaler/horizontal.go reconcileAutoscaler
export const withoutScale = (
  { status }: HorizontalPodAutoscaler,
  problem: string,
  now: number,
): HorizontalPodAutoscalerStatus => {
  const message = `the HPA controller was unable to get the target's current scale: ${problem}`
  return {
    desiredReplicas: 0,
    currentMetrics: [],
    ...status,
    conditions: condition(status?.conditions, 'AbleToScale', false, { reason: 'FailedGetScale', message }, now),
  }
}

const statusOf = (
  { status }: HorizontalPodAutoscaler,
  currentReplicas: number,
  desiredReplicas: number,
  currentMetrics: readonly MetricStatus[],
  conditions: Conditions,
): HorizontalPodAutoscalerStatus => ({
  currentReplicas,
  desiredReplicas,
  ...(status?.lastScaleTime === undefined ? {} : { lastScaleTime: status.lastScaleTime }),
  currentMetrics: [...currentMetrics],
  conditions,
})

// In Go a metric that was not computed is an empty struct, and is written.
const statusesOf = (outcomes: readonly Outcome[]): MetricStatus[] =>
  outcomes.map((outcome) => ('status' in outcome ? outcome.status : { type: '' }))

const unable = ({ reason, cause }: Failed): Warning => ({
  reason,
  message: `the HPA was unable to compute the replica count: ${cause}`,
})

/** What is to be done about an autoscaler whose target's size is known. */
// pkg/controller/podautoscaler/horizontal.go reconcileAutoscaler
export const plan = (seen: Seen, now: number): Plan => {
  const { autoscaler, current, metrics } = seen
  const able = { reason: 'SucceededGetScale', message: "the HPA controller was able to get the target's current scale" }
  const conditions = condition(autoscaler.status?.conditions, 'AbleToScale', true, able, now)
  const history = withFirst(seen.history, current, seen.elapsed)
  const fixed = (size: number | undefined, because: string, all = conditions): Plan => {
    const status = statusOf(autoscaler, current, current, [], all)
    return { size, because, status, history, warnings: [], error: undefined, fault: 'none' }
  }
  if (isDisabled(autoscaler, current)) {
    const message = 'scaling is disabled since the replica count of the target is zero'
    const disabled = { reason: 'ScalingDisabled', message }
    return fixed(undefined, '', condition(conditions, 'ScalingActive', false, disabled, now))
  }
  const { maxReplicas } = autoscaler.spec
  if (current > maxReplicas) return fixed(maxReplicas, 'Current number of replicas above Spec.MaxReplicas')
  if (current < minOf(autoscaler)) return fixed(minOf(autoscaler), 'Current number of replicas below Spec.MinReplicas')
  return byMetrics({ ...seen, history }, metrics, conditions, now)
}

// pkg/controller/podautoscaler/horizontal.go computeReplicasForMetrics
const byMetrics = (seen: Seen, metrics: Seen['metrics'], conditions: Conditions, now: number): Plan => {
  const { autoscaler, current, history } = seen
  const stuck = (
    inactive: Warning,
    statuses: readonly MetricStatus[],
    warnings: readonly Warning[],
    error: string,
    fault: Fault,
  ): Plan => {
    const all = condition(conditions, 'ScalingActive', false, inactive, now)
    const status = statusOf(autoscaler, current, autoscaler.status?.desiredReplicas ?? 0, statuses, all)
    const failed = { reason: 'FailedComputeMetricsReplicas', message: error }
    return { size: undefined, because: '', status, history, warnings: [...warnings, failed], error, fault }
  }
  if (!isOutcomes(metrics)) return stuck(metrics.condition, [], [metrics.event], metrics.event.message, 'internal')

  const failures = metrics.filter((outcome) => 'cause' in outcome)
  const warnings = failures.map(({ reason, cause }) => ({ reason, message: cause }))
  const [first] = failures
  const count = `${failures.length} invalid out of ${metrics.length}`
  const error = first && `invalid metrics (${count}), first error is: ${first.error}`
  const fault = first ? faultOf(first) : 'none'
  const best = metrics
    .filter((outcome) => 'status' in outcome)
    .reduce((most, each) => (most.replicas === 0 || each.replicas > most.replicas ? each : most), {
      replicas: 0,
      name: '',
    })
  // a metric that cannot be read may be the one that needs all the Pods there are
  if (first && error !== undefined && (failures.length >= metrics.length || best.replicas < current))
    return stuck(unable(first), statusesOf(metrics), warnings, error, fault)

  const message = `the HPA was able to successfully calculate a replica count from ${best.name}`
  const active = condition(conditions, 'ScalingActive', true, { reason: 'ValidMetricFound', message }, now)
  const normal = normalize(seen, best.replicas, active, now)
  const because =
    best.replicas > current ? `${best.name} above target` : best.replicas < current ? 'All metrics below target' : ''
  return {
    size: normal.replicas === current ? undefined : normal.replicas,
    because,
    status: statusOf(autoscaler, current, current, statusesOf(metrics), normal.conditions),
    history: normal.history,
    warnings,
    error,
    fault,
  }
}

const isOutcomes = (metrics: Seen['metrics']): metrics is readonly Outcome[] => Array.isArray(metrics)

/** What the metrics ask for, held back by recent recommendations, bounds and policies. */
// pkg/controller/podautoscaler/horizontal.go normalizeDesiredReplicas, normalizeDesiredReplicasWithBehaviors
const normalize = (
  { autoscaler, current, history, elapsed, downscaleStabilizationMs }: Seen,
  desired: number,
  conditions: Conditions,
  now: number,
): { replicas: number; conditions: Conditions; history: History } => {
  const { maxReplicas: max, behavior: given } = autoscaler.spec
  const bounds = { current, min: minOf(autoscaler), max }
  const windowSeconds = Math.trunc(downscaleStabilizationMs / 1000)
  const behavior = given && {
    ...given,
    scaleDown: { stabilizationWindowSeconds: windowSeconds, ...given.scaleDown },
  }
  const stable = behavior
    ? stabilizeBothWays(history, current, desired, behavior, elapsed)
    : { ...stabilizedDown, ...stabilize(history, desired, downscaleStabilizationMs, elapsed) }
  const ready = { reason: 'ReadyForNewScale', message: 'recommended size matches current size' }
  const able = condition(conditions, 'AbleToScale', true, stable.replicas === desired ? ready : stable, now)
  const verdict = behavior
    ? limitByPolicies(bounds, stable.replicas, behavior, history, elapsed)
    : limit(bounds, stable.replicas)
  const isLimited = verdict.replicas !== stable.replicas
  return {
    replicas: verdict.replicas,
    conditions: condition(able, 'ScalingLimited', isLimited, verdict, now),
    history: stable.history,
  }
}

/** The status and history once the target has its new size. */
export const rescaled = (
  { autoscaler, current, elapsed }: Seen,
  { status, history }: Plan,
  size: number,
  now: number,
): { status: HorizontalPodAutoscalerStatus; history: History } => {
  const message = `the HPA controller was able to update the target scale to ${size}`
  const able = condition(status.conditions, 'AbleToScale', true, { reason: 'SucceededRescale', message }, now)
  const { behavior } = autoscaler.spec
  return {
    status: { ...status, desiredReplicas: size, lastScaleTime: formatTime(now), conditions: able },
    history: behavior ? withChange(history, behavior, current, size, elapsed) : history,
  }
}

/** The status when the target's size could not be changed. */
export const notRescaled = (
  { autoscaler }: Seen,
  { status }: Plan,
  problem: string,
  now: number,
): HorizontalPodAutoscalerStatus => {
  const message = `the HPA controller was unable to update the target scale: ${problem}`
  const unable = condition(status.conditions, 'AbleToScale', false, { reason: 'FailedUpdateScale', message }, now)
  return { ...status, desiredReplicas: autoscaler.status?.desiredReplicas ?? 0, conditions: unable }
}

/** Whether two statuses say the same; the server stores no empty lists, and no counts of 0 where Go omits them. */
export const sameStatus = (
  a: HorizontalPodAutoscalerStatus | undefined,
  b: HorizontalPodAutoscalerStatus | undefined,
): boolean => {
  const whole = (status: HorizontalPodAutoscalerStatus | undefined): object => ({
    ...status,
    currentReplicas: status?.currentReplicas ?? 0,
    desiredReplicas: status?.desiredReplicas ?? 0,
    currentMetrics: status?.currentMetrics ?? [],
    conditions: status?.conditions ?? [],
  })
  return deepEqual(whole(a), whole(b))
}

/** The selector of a target's Pods. */
// pkg/controller/podautoscaler/horizontal.go validateAndParseSelector
export const selectorOf = (text: string): Selector | SelectorProblem => {
  if (text === '') {
    const event = { reason: 'SelectorRequired', message: 'selector is required' }
    const message = "the HPA target's scale is missing a selector"
    return { event, condition: { reason: 'InvalidSelector', message } }
  }
  try {
    return parseLabelSelector(text)
  } catch (error) {
    const message = `couldn't convert selector into a corresponding internal selector object: ${messageOf(error)}`
    const event = { reason: 'InvalidSelector', message }
    return { event, condition: event }
  }
}

/** The problem of several autoscalers that would size the same Pods. */
export const ambiguous = (text: string, keys: readonly { name: string; namespace: string }[]): SelectorProblem => {
  const all = keys.map(({ name, namespace }) => `{${name} ${namespace}}`).join(' ')
  const message = `pods by selector ${text} are controlled by multiple HPAs: [${all}]`
  const event = { reason: 'AmbiguousSelector', message }
  return { event, condition: event }
}
