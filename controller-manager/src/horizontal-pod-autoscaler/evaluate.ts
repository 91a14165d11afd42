import type { HorizontalPodAutoscaler, MetricSpec, MetricStatus } from '@kubets/shared/api/types/autoscaling-v2.ts'
import type { MetricValueStatus } from '@kubets/shared/api/types/autoscaling-v2.ts'
import { milliQuantity, parseQuantity } from '@kubets/shared/machinery/quantity.ts'
import { quote } from '@kubets/shared/machinery/quote.ts'
import { messageOf } from '../failure.ts'
import type { Fault } from './metrics.ts'
import { selectorText } from '../selector-text.ts'
import type { PodMetrics } from './readings.ts'
import { forAverage, forUtilization, forValue, forValuePerPod, sumOf } from './replicas.ts'
import type { Proposal, Situation, Tolerances } from './replicas.ts'

/** What a metrics API answered for one metric: values of Pods, or of one thing, in thousandths, or why there are none. */
export type Reading =
  { readonly pods: PodMetrics } | { readonly values: readonly number[] } | { readonly error: string }

/** The size that one metric asks for. */
export interface Evaluated {
  readonly replicas: number
  /** As conditions and events name the metric. */
  readonly name: string
  readonly status: MetricStatus
}

/** Why one metric asks for nothing. */
export interface Failed {
  readonly reason: string
  /** As the condition and the event of this metric tell it. */
  readonly cause: string
  /** As it stands among all metrics. */
  readonly error: string
  /** The autoscaler itself is wrong, not what was measured. */
  readonly isSpec?: boolean
}

export type Outcome = Evaluated | Failed

/** Whose fault it is that a metric asks for nothing. */
export const faultOf = (outcome: Outcome): Fault =>
  'status' in outcome ? 'none' : outcome.isSpec === true ? 'spec' : 'internal'

/** The tolerances of an autoscaler: its own, or else the one for all. */
// pkg/controller/podautoscaler/horizontal.go tolerancesForHpa
export const tolerancesOf = ({ spec }: HorizontalPodAutoscaler, tolerance: number): Tolerances => {
  const own = (text: string | undefined): number => (text === undefined ? tolerance : parseQuantity(text).asNumber())
  return { down: own(spec.behavior?.scaleDown?.tolerance), up: own(spec.behavior?.scaleUp?.tolerance) }
}

const milli = (quantity: string): number => parseQuantity(quantity).milliValue()
const average = ({ usage }: Proposal): MetricValueStatus => ({ averageValue: milliQuantity(usage).toString() })
const total = ({ usage }: Proposal): MetricValueStatus => ({ value: milliQuantity(usage).toString() })

/** What was read; throws why nothing was. */
const podsOf = (reading: Reading, what: string): PodMetrics => {
  if ('pods' in reading) return reading.pods
  throw new Error(`${what}: ${'error' in reading ? reading.error : 'no values of pods'}`)
}
const valuesOf = (reading: Reading, what: string): readonly number[] => {
  if ('values' in reading) return reading.values
  throw new Error(`${what}: ${'error' in reading ? reading.error : 'no values'}`)
}

/** Runs the computation; its error comes with what was tried. */
const named = (compute: () => Evaluated, reason: string, ...attempts: readonly string[]): Outcome => {
  try {
    return compute()
  } catch (error) {
    const cause = messageOf(error)
    return { reason, cause, error: [...attempts, cause].join(': ') }
  }
}

/** The size that a metric asks for in this situation, or why it asks for none. */
// pkg/controller/podautoscaler/horizontal.go computeReplicasForMetric
export const evaluate = (spec: MetricSpec, reading: Reading, situation: Situation, namespace: string): Outcome => {
  if (spec.type === 'Resource' && spec.resource) return ofResource(spec, spec.resource, reading, situation)
  if (spec.type === 'ContainerResource' && spec.containerResource)
    return ofResource(spec, spec.containerResource, reading, situation)
  if (spec.type === 'Pods' && spec.pods) return ofPods(spec.pods, reading, situation)
  if (spec.type === 'Object' && spec.object) return ofObject(spec.object, reading, situation, namespace)
  if (spec.type === 'External' && spec.external) return ofExternal(spec.external, reading, situation, namespace)
  const error = `unknown metric source type ${quote(spec.type)}`
  return { reason: 'InvalidMetricSourceType', cause: error, error, isSpec: true }
}

// pkg/controller/podautoscaler/horizontal.go computeStatusForResourceMetric, computeStatusForContainerResourceMetric
const ofResource = (
  { type }: MetricSpec,
  source: NonNullable<MetricSpec['resource']> & { container?: string },
  reading: Reading,
  situation: Situation,
): Outcome => {
  const { name: resource, container, target } = source
  const reason = container === undefined ? 'FailedGetResourceMetric' : 'FailedGetContainerResourceMetric'
  const attempt =
    container === undefined
      ? `failed to get ${resource} resource metric value`
      : `failed to get ${container} container metric value`
  if (target.averageValue === undefined && target.averageUtilization === undefined) {
    const cause =
      'invalid resource metric source: neither an average utilization target nor an average value (usage) target was set'
    return { reason, cause, error: `${attempt}: ${cause}` }
  }
  const compute = (): Evaluated => {
    try {
      const { replicas, current, name } = ofTarget(source, reading, situation)
      const status =
        container === undefined
          ? { type, resource: { name: resource, current } }
          : { type, containerResource: { name: resource, container, current } }
      return { replicas, name, status }
    } catch (error) {
      const what = target.averageValue === undefined ? 'utilization' : 'usage'
      throw new Error(`failed to get ${resource} ${what}: ${messageOf(error)}`, { cause: error })
    }
  }
  return named(compute, reason, attempt)
}

/** As the metrics server writes them: memory in powers of two. */
// pkg/controller/podautoscaler/horizontal.go buildQuantity
const usageText = (resource: string, usage: number): string =>
  milliQuantity(usage, resource === 'memory' ? 'BinarySI' : 'DecimalSI').toString()

// pkg/controller/podautoscaler/horizontal.go computeStatusForResourceMetricGeneric
const ofTarget = (
  { name: resource, container, target }: NonNullable<MetricSpec['resource']> & { container?: string },
  reading: Reading,
  situation: Situation,
): { replicas: number; current: MetricValueStatus; name: string } => {
  const metrics = podsOf(reading, `unable to get metrics for resource ${resource}`)
  if (target.averageValue !== undefined) {
    const { replicas, usage } = forAverage(situation, metrics, milli(target.averageValue), resource)
    return { replicas, current: { averageValue: usageText(resource, usage) }, name: `${resource} resource` }
  }
  const share = { resource, container, target: target.averageUtilization ?? 0 }
  const { replicas, usage, utilization } = forUtilization(situation, metrics, share)
  return {
    replicas,
    current: { averageUtilization: utilization, averageValue: usageText(resource, usage) },
    name: `${resource} ${container === undefined ? '' : 'container '}resource utilization (percentage of request)`,
  }
}

// pkg/controller/podautoscaler/horizontal.go computeStatusForPodsMetric
const ofPods = (
  { metric, target }: NonNullable<MetricSpec['pods']>,
  reading: Reading,
  situation: Situation,
): Outcome => {
  const compute = (): Evaluated => {
    const metrics = podsOf(reading, `unable to get metric ${metric.name}`)
    const proposal = forAverage(situation, metrics, milli(target.averageValue ?? '0'), undefined)
    const status = { type: 'Pods', pods: { metric, current: average(proposal) } }
    return { replicas: proposal.replicas, name: `pods metric ${metric.name}`, status }
  }
  return named(compute, 'FailedGetPodsMetric', 'failed to get pods metric value')
}

// pkg/controller/podautoscaler/horizontal.go computeStatusForObjectMetric
const ofObject = (
  { metric, target, describedObject }: NonNullable<MetricSpec['object']>,
  reading: Reading,
  situation: Situation,
  namespace: string,
): Outcome => {
  const { kind, name } = describedObject
  const read = (): number =>
    valuesOf(reading, `unable to get metric ${metric.name} on ${kind} ${namespace}/${name}`)[0] ?? 0
  const reason = 'FailedGetObjectMetric'
  const attempt = 'failed to get object metric value'
  const status = (current: MetricValueStatus): MetricStatus => ({
    type: 'Object',
    object: { metric, describedObject, current },
  })
  const { value, averageValue } = target
  if (target.type === 'Value' && value !== undefined)
    return named(
      () => {
        const proposal = forValue(situation, read(), milli(value))
        return {
          replicas: proposal.replicas,
          name: `${kind} metric ${metric.name}`,
          status: status(total(proposal)),
        }
      },
      reason,
      attempt,
    )
  if (target.type === 'AverageValue' && averageValue !== undefined)
    return named(
      () => {
        const proposal = forValuePerPod(situation, read(), milli(averageValue))
        // upstream calls it so
        const called = `external metric ${metric.name}(${selectorText(metric.selector)})`
        return { replicas: proposal.replicas, name: called, status: status(average(proposal)) }
      },
      reason,
      attempt,
      `failed to get ${metric.name} object metric`,
    )
  const cause = 'invalid object metric source: neither a value target nor an average value target was set'
  return { reason, cause, error: `${attempt}: ${cause}` }
}

// pkg/controller/podautoscaler/horizontal.go computeStatusForExternalMetric
const ofExternal = (
  { metric, target }: NonNullable<MetricSpec['external']>,
  reading: Reading,
  situation: Situation,
  namespace: string,
): Outcome => {
  const called = selectorText(metric.selector)
  const read = (): number =>
    sumOf(valuesOf(reading, `unable to get external metric ${namespace}/${metric.name}/${called}`))
  const reason = 'FailedGetExternalMetric'
  const attempt = `failed to get ${metric.name} external metric value`
  const result = (proposal: Proposal, current: MetricValueStatus): Evaluated => ({
    replicas: proposal.replicas,
    name: `external metric ${metric.name}(${called})`,
    status: { type: 'External', external: { metric, current } },
  })
  const { value, averageValue } = target
  if (averageValue !== undefined)
    return named(
      () => {
        const proposal = forValuePerPod(situation, read(), milli(averageValue))
        return result(proposal, average(proposal))
      },
      reason,
      attempt,
      `failed to get ${metric.name} external metric`,
    )
  if (value !== undefined)
    return named(
      () => {
        const proposal = forValue(situation, read(), milli(value))
        return result(proposal, total(proposal))
      },
      reason,
      attempt,
      `failed to get external metric ${metric.name}`,
    )
  const cause = 'invalid external metric source: neither a value target nor an average value target was set'
  return { reason, cause, error: `${attempt}: ${cause}` }
}
