import { getCondition, isPodLevelResource, isPodReady, isPodTerminal, podRequests } from '@kubets/shared/api/pod.ts'
import type { Container, Pod } from '@kubets/shared/api/types/core-v1.ts'
import { parseQuantity } from '@kubets/shared/machinery/quantity.ts'
import { parseTime } from '@kubets/shared/machinery/time.ts'
import type { PodMetric, PodMetrics } from './readings.ts'

// Counts of replicas are 32 bits wide, values 64.
const maxReplicas = 2 ** 31 - 1
const maxValue = 2 ** 63 - 1024

/** How far usage may be off its target, as a share of it, before anything changes. */
// pkg/controller/podautoscaler/replica_calculator.go Tolerances
export interface Tolerances {
  readonly down: number
  readonly up: number
}

/** How long the CPU that a Pod uses while it starts says nothing about its load. */
export interface Initialization {
  /** After its start, in which only samples count that were taken whole while the Pod was ready. */
  readonly cpuMs: number
  /** After its start, in which a change to not ready counts as never having been ready. */
  readonly readinessMs: number
}

/** What a count of replicas is computed from. */
export interface Situation {
  readonly specReplicas: number
  readonly statusReplicas: number
  /** All that the target's selector selects. */
  readonly pods: readonly Pod[]
  readonly tolerances: Tolerances
  readonly initialization: Initialization
  readonly now: number
}

interface Ratio {
  /** Of usage to its target. */
  readonly ratio: number
  /** Per Pod, in thousandths. */
  readonly usage: number
  /** Per cent of what was requested. */
  readonly utilization?: number
}

/** How many replicas a metric asks for, and what it was found to be. */
export interface Proposal {
  readonly replicas: number
  /** In thousandths. */
  readonly usage: number
  readonly utilization?: number
}

const within = ({ down, up }: Tolerances, ratio: number): boolean => 1 - down <= ratio && ratio <= 1 + up

const rounded = (replicas: number): number => Math.min(Math.ceil(replicas), maxReplicas)

const checkPods = (pods: readonly Pod[]): void => {
  if (pods.length === 0) throw new Error('no pods returned by selector while calculating replica count')
}

interface Groups {
  readonly ready: number
  readonly unready: readonly string[]
  readonly missing: readonly string[]
  readonly ignored: readonly string[]
}

/** Whether the CPU that a running Pod was measured to use says nothing about its load. */
const startsUp = ({ status }: Pod, metric: PodMetric, { cpuMs, readinessMs }: Initialization, now: number): boolean => {
  const ready = getCondition(status?.conditions, 'Ready')
  if (ready === undefined || status?.startTime === undefined) return true
  const started = parseTime(status.startTime)
  const changed = ready.lastTransitionTime === undefined ? -Infinity : parseTime(ready.lastTransitionTime)
  const notReady = ready.status === 'False'
  if (started + cpuMs > now) return notReady || metric.timestamp < changed + metric.windowMs
  return notReady && started + readinessMs > changed
}

/** Pods by what their metrics are worth. */
// pkg/controller/podautoscaler/replica_calculator.go groupPods
export const groupPods = (
  { pods, initialization, now }: Situation,
  metrics: PodMetrics,
  resource: string | undefined,
): Groups => {
  const groups = { ready: 0, unready: [] as string[], missing: [] as string[], ignored: [] as string[] }
  for (const pod of pods) {
    const { name = '', deletionTimestamp } = pod.metadata
    const metric = metrics.get(name)
    if (deletionTimestamp !== undefined || isPodTerminal(pod)) groups.ignored.push(name)
    else if (pod.status?.phase === 'Pending') groups.unready.push(name)
    else if (metric === undefined) groups.missing.push(name)
    else if (resource === 'cpu' && startsUp(pod, metric, initialization, now)) groups.unready.push(name)
    else groups.ready++
  }
  return groups
}

/**
 * The replicas that bring the ratio to 1. Pods that are not measured, or not worth measuring, are first left out, then
 * assumed to do what speaks against a change; a change that this turns around is none.
 */
const byRatio = (
  situation: Situation,
  metrics: PodMetrics,
  resource: string | undefined,
  ratioOf: (values: ReadonlyMap<string, number>) => Ratio,
  assumedOnScaleDown: (pod: string) => number,
): Proposal => {
  const { specReplicas, tolerances, pods } = situation
  checkPods(pods)
  const { ready, unready, missing, ignored } = groupPods(situation, metrics, resource)
  const values = new Map([...metrics].map(([pod, { value }]) => [pod, value]))
  for (const pod of [...ignored, ...unready]) values.delete(pod)
  if (values.size === 0) throw new Error('did not receive metrics for targeted pods (pods might be unready)')
  const { ratio, ...found } = ratioOf(values)
  const unchanged = { replicas: specReplicas, ...found }
  const withUnready = unready.length > 0 && ratio > 1
  if (!withUnready && missing.length === 0) {
    return within(tolerances, ratio) ? unchanged : { replicas: rounded(ratio * ready), ...found }
  }
  if (ratio < 1) for (const pod of missing) values.set(pod, assumedOnScaleDown(pod))
  if (ratio > 1) for (const pod of missing) values.set(pod, 0)
  if (withUnready) for (const pod of unready) values.set(pod, 0)
  const { ratio: again } = ratioOf(values)
  if (within(tolerances, again) || (ratio < 1 && again > 1) || (ratio > 1 && again < 1)) return unchanged
  const replicas = rounded(again * values.size)
  if ((again < 1 && replicas > specReplicas) || (again > 1 && replicas < specReplicas)) return unchanged
  return { replicas, ...found }
}

/** For a share of what the Pods, or their containers of this name, request. Throws when that cannot be computed. */
// pkg/controller/podautoscaler/replica_calculator.go GetResourceReplicas
export const forUtilization = (
  situation: Situation,
  metrics: PodMetrics,
  { resource, container, target }: { resource: string; container: string | undefined; target: number },
): Proposal => {
  let requests: ReadonlyMap<string, number> | undefined
  const requestsOf = (): ReadonlyMap<string, number> =>
    (requests ??= new Map(situation.pods.map((pod) => [pod.metadata.name ?? '', requestOf(pod, resource, container)])))
  return byRatio(
    situation,
    metrics,
    resource,
    (values) => utilizationRatio(values, requestsOf(), target),
    (pod) => Math.trunc(((requestsOf().get(pod) ?? 0) * Math.max(100, target)) / 100),
  )
}

// pkg/controller/podautoscaler/metrics/utilization.go GetResourceUtilizationRatio
const utilizationRatio = (
  values: ReadonlyMap<string, number>,
  requests: ReadonlyMap<string, number>,
  target: number,
): Ratio => {
  let used = 0
  let requested = 0
  let count = 0
  for (const [pod, value] of values) {
    const request = requests.get(pod)
    if (request === undefined) continue
    used += value
    requested += request
    count++
  }
  if (requested === 0) throw new Error('no metrics returned matched known pods')
  const utilization = Math.min(Math.trunc((used * 100) / requested), maxReplicas)
  return { ratio: utilization / target, utilization, usage: Math.trunc(used / count) }
}

/** For an average over Pods, in thousandths. `resource` is undefined for custom metrics. */
// pkg/controller/podautoscaler/replica_calculator.go calcPlainMetricReplicas
export const forAverage = (
  situation: Situation,
  metrics: PodMetrics,
  target: number,
  resource: string | undefined,
): Proposal =>
  byRatio(
    situation,
    metrics,
    resource,
    (values) => {
      const sum = [...values.values()].reduce((total, value) => total + value, 0)
      const usage = Math.trunc(sum / values.size)
      return { ratio: usage / target, usage }
    },
    () => target,
  )

/** For a value that all Pods have in common, in thousandths. */
// pkg/controller/podautoscaler/replica_calculator.go getUsageRatioReplicaCount
export const forValue = ({ specReplicas, tolerances, pods }: Situation, usage: number, target: number): Proposal => {
  const ratio = usage / target
  if (specReplicas === 0) return { replicas: rounded(ratio), usage }
  if (within(tolerances, ratio)) return { replicas: specReplicas, usage }
  try {
    checkPods(pods)
  } catch (error) {
    throw new Error(`unable to calculate ready pods: ${(error as Error).message}`, { cause: error })
  }
  const ready = pods.filter((pod) => pod.status?.phase === 'Running' && isPodReady(pod)).length
  return { replicas: rounded(ratio * ready), usage }
}

/** For a value of which each Pod takes a part, in thousandths. */
// pkg/controller/podautoscaler/replica_calculator.go GetObjectPerPodMetricReplicas, GetExternalPerPodMetricReplicas
export const forValuePerPod = ({ statusReplicas, tolerances }: Situation, total: number, target: number): Proposal => {
  const replicas = within(tolerances, total / (target * statusReplicas)) ? statusReplicas : rounded(total / target)
  const usage = total >= maxValue ? maxValue : statusReplicas === 0 ? 0 : Math.ceil(total / statusReplicas)
  return { replicas, usage }
}

/** The sum of an external metric's values; bounded, as upstream's is. */
export const sumOf = (values: readonly number[]): number =>
  Math.min(
    values.reduce((sum, value) => sum + value, 0),
    maxValue,
  )

/** What a Pod requests of a resource, in thousandths. Throws when it, or one of its containers, does not say. */
// pkg/controller/podautoscaler/replica_calculator.go calculateRequests
const requestOf = (pod: Pod, resource: string, container: string | undefined): number => {
  const { name = '' } = pod.metadata
  const ofPod = Object.keys(pod.spec.resources?.requests ?? {}).some(isPodLevelResource)
  if (ofPod && container === undefined) {
    const request = podRequests(pod).get(resource)
    if (request === undefined) throw new Error(`missing pod-level request for ${resource} in Pod ${name}`)
    return request.milliValue()
  }
  const sidecars = (pod.spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always')
  const all: readonly Container[] = [...pod.spec.containers, ...sidecars]
  const counted = container === undefined ? all : all.filter((one) => one.name === container)
  if (container !== undefined && counted.length === 0)
    throw new Error(`container ${container} not found in Pod ${name}`)
  return counted.reduce((sum, one) => {
    const requests = one.resources?.requests ?? {}
    const request = Object.hasOwn(requests, resource) ? requests[resource] : undefined
    if (request === undefined)
      throw new Error(`missing request for ${resource} in container ${one.name} of Pod ${name}`)
    return sum + parseQuantity(request).milliValue()
  }, 0)
}
