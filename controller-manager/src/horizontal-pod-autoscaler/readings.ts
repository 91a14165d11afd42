import { parseQuantity } from '@kubets/shared/machinery/quantity.ts'
import { parseTime } from '@kubets/shared/machinery/time.ts'
import { parseDuration } from '@kubets/shared/process/options.ts'

/** What one Pod uses, or has, of something. */
// pkg/controller/podautoscaler/metrics/interfaces.go PodMetric
export interface PodMetric {
  /** In thousandths. */
  readonly value: number
  readonly timestamp: number
  /** The time over which it was measured, up to the timestamp. */
  readonly windowMs: number
}

/** By the name of the Pod. */
export type PodMetrics = ReadonlyMap<string, PodMetric>

/** metrics.k8s.io/v1beta1 PodMetrics, as much of it as matters here. */
export interface PodUsage {
  metadata: { name?: string }
  timestamp: string
  window: string
  containers?: { name: string; usage?: Record<string, string> }[]
}

/** custom.metrics.k8s.io MetricValue, as much of it as v1beta1 and v1beta2 have alike and as matters here. */
export interface MetricValue {
  describedObject: { name?: string }
  timestamp: string
  windowSeconds?: number
  value: string
}

/** external.metrics.k8s.io/v1beta1 ExternalMetricValue, as much of it as matters here. */
export interface ExternalMetricValue {
  value: string
}

// pkg/controller/podautoscaler/metrics/client.go metricServerDefaultMetricWindow
const defaultWindowMs = 60_000

const milli = (quantity: string): number => parseQuantity(quantity).milliValue()

/**
 * What each Pod uses of a resource: all its containers together, or the one named. A Pod of which not all that is asked
 * for was measured is left out. Throws on values that cannot be read.
 */
// pkg/controller/podautoscaler/metrics/client.go getPodMetrics, getContainerMetrics
export const usageOfPods = (items: readonly PodUsage[], resource: string, container: string | undefined): PodMetrics =>
  new Map(
    items.flatMap(({ metadata, timestamp, window, containers = [] }) => {
      const measured = container === undefined ? containers : containers.filter(({ name }) => name === container)
      const values = measured.map(({ usage = {} }) => (Object.hasOwn(usage, resource) ? usage[resource] : undefined))
      const known = values.filter((value) => value !== undefined)
      if (known.length === 0 || known.length < values.length) return []
      const value = known.reduce((sum, each) => sum + milli(each), 0)
      return [
        [metadata.name ?? '', { value, timestamp: parseTime(timestamp), windowMs: parseDuration(window) }] as const,
      ]
    }),
  )

/** What the custom metrics API tells of Pods. Throws on values that cannot be read. */
// pkg/controller/podautoscaler/metrics/client.go GetRawMetric
export const valuesOfPods = (items: readonly MetricValue[]): PodMetrics =>
  new Map(
    items.map(({ describedObject, timestamp, windowSeconds, value }) => [
      describedObject.name ?? '',
      {
        value: milli(value),
        timestamp: parseTime(timestamp),
        windowMs: windowSeconds === undefined ? defaultWindowMs : windowSeconds * 1000,
      },
    ]),
  )

/** A value's thousandths. Throws when it is no quantity. */
export const thousandths = ({ value }: { value: string }): number => milli(value)
