import type { HorizontalPodAutoscaler as V1 } from '../../../types/autoscaling-v1.ts'
import type { HorizontalPodAutoscaler as V2, MetricSpec, MetricStatus } from '../../../types/autoscaling-v2.ts'

// pkg/apis/autoscaling/v1/conversion.go: v1 knows one metric; what else v2 has travels in these annotations
const keys = {
  metrics: 'autoscaling.alpha.kubernetes.io/metrics',
  currentMetrics: 'autoscaling.alpha.kubernetes.io/current-metrics',
  conditions: 'autoscaling.alpha.kubernetes.io/conditions',
  behavior: 'autoscaling.alpha.kubernetes.io/behavior',
}

/** A v1 object as v2. */
export function toV2(obj: V1): V2 {
  const annotations = { ...obj.metadata.annotations }
  const taken = <T>(key: string): T | undefined => {
    const text = annotations[key]
    delete annotations[key]
    return parse<T>(text)
  }
  const metrics = taken<MetricSpec[]>(keys.metrics) ?? []
  const current = taken<MetricStatus[]>(keys.currentMetrics) ?? []
  const conditions = taken<NonNullable<V2['status']>['conditions']>(keys.conditions)
  const behavior = taken<V2['spec']['behavior']>(keys.behavior)
  const { targetCPUUtilizationPercentage: wanted, ...spec } = obj.spec
  if (wanted !== undefined)
    metrics.unshift({
      type: 'Resource',
      resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: wanted } },
    })
  const { status: from, ...others } = obj
  const result: V2 = {
    ...others,
    apiVersion: 'autoscaling/v2',
    metadata: withAnnotations(obj.metadata, annotations),
    spec: { ...spec, ...(metrics.length > 0 && { metrics }), ...(behavior && { behavior }) },
  }
  if (from) {
    const { currentCPUUtilizationPercentage: used, ...status } = from
    if (used !== undefined)
      current.unshift({
        type: 'Resource',
        resource: { name: 'cpu', current: { averageUtilization: used, averageValue: '0' } },
      })
    result.status = {
      ...status,
      currentMetrics: current.length > 0 ? current : null,
      ...(conditions && { conditions }),
    }
  }
  return result
}

/** A v2 object as v1. */
export function toV1(obj: V2): V1 {
  const annotations = { ...obj.metadata.annotations }
  const { metrics = [], behavior, ...spec } = obj.spec
  const cpu = metrics.findIndex((metric) => isCPU(metric.type, metric.resource?.name) && usesShare(metric))
  const rest = metrics.filter((_, i) => i !== cpu)
  if (rest.length > 0) annotations[keys.metrics] = JSON.stringify(rest)
  if (behavior) annotations[keys.behavior] = JSON.stringify(behavior)
  const share = metrics[cpu]?.resource?.target.averageUtilization
  const result: V1 = {
    ...obj,
    apiVersion: 'autoscaling/v1',
    metadata: obj.metadata,
    spec: { ...spec, ...(share !== undefined && { targetCPUUtilizationPercentage: share }) },
  } as V1
  delete result.status
  if (obj.status) {
    const { currentMetrics: measured, conditions, ...status } = obj.status
    const currentMetrics = measured ?? []
    const at = currentMetrics.findIndex((metric) => isCPU(metric.type, metric.resource?.name))
    const used = currentMetrics[at]?.resource?.current.averageUtilization
    const others = currentMetrics.filter((_, i) => i !== at || used === undefined)
    if (others.length > 0) annotations[keys.currentMetrics] = JSON.stringify(others)
    if (conditions && conditions.length > 0) annotations[keys.conditions] = JSON.stringify(conditions)
    result.status = { ...status, ...(used !== undefined && { currentCPUUtilizationPercentage: used }) } as V1['status']
  }
  result.metadata = withAnnotations(obj.metadata, annotations)
  return result
}

const isCPU = (type: string, name: string | undefined): boolean => type === 'Resource' && name === 'cpu'
const usesShare = (metric: MetricSpec): boolean => metric.resource?.target.averageUtilization !== undefined

function withAnnotations(metadata: V1['metadata'], annotations: Record<string, string>): V1['metadata'] {
  const { annotations: _, ...rest } = metadata
  return Object.keys(annotations).length > 0 ? { ...rest, annotations } : rest
}

// a client may write anything into an annotation; what is no JSON list or object is dropped, as upstream does
function parse<T>(text: string | undefined): T | undefined {
  if (text === undefined) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as T) : undefined
  } catch {
    return undefined
  }
}
