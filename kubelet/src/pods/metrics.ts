import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { Container, PodSandbox } from '../runtime/types.ts'
import type { ContainerKind } from './sync.ts'

/** What is counted and timed of the work on Pods. Times in seconds. */
export interface PodMetrics {
  /** The runtime was looked through; `since` is the time since the look before, if there was one. */
  relisted(
    sandboxes: readonly PodSandbox[],
    containers: readonly Container[],
    times: { took: number; since: number | undefined; at: number },
  ): void
  /** One turn of a Pod's worker. */
  worked(operation: 'create' | 'sync' | 'kill', took: number): void
  /** A Pod runs, that long after it was seen first. */
  began(took: number): void
  /** A sandbox is made, or (with what it waits for then) was not. */
  sandbox(failed: boolean): void
  container(kind: ContainerKind, failed: string | undefined): void
}

// pkg/kubelet/metrics/metrics.go podStartupDurationBuckets
const startBuckets = [
  0.5, 1, 2, 3, 4, 5, 6, 8, 10, 20, 30, 45, 60, 120, 180, 240, 300, 360, 480, 600, 900, 1200, 1800, 2700, 3600,
]
const kinds = { init: 'init_container', main: 'container', ephemeral: 'ephemeral_container' } as const

/** The metrics of Pods; dashboards ask for them by these names. pkg/kubelet/metrics/metrics.go */
export function podMetrics(register: Registry, nodeName: string): PodMetrics {
  const registers = [register]
  const counter = <T extends string>(name: string, help: string, labelNames: readonly T[]): Counter<T> =>
    new Counter({ name: `kubelet_${name}`, help: `[ALPHA] ${help}`, labelNames, registers })
  const histogram = <T extends string>(name: string, help: string, labelNames: readonly T[], buckets?: number[]) =>
    new Histogram<T>({
      name: `kubelet_${name}_seconds`,
      help: `[ALPHA] ${help}`,
      labelNames,
      registers,
      ...(buckets && { buckets }),
    })
  const gauge = <T extends string>(name: string, help: string, labelNames: readonly T[]): Gauge<T> =>
    new Gauge({ name: `kubelet_${name}`, help: `[ALPHA] ${help}`, labelNames, registers })
  gauge('node_name', "The node's name. The count is always 1.", ['node']).set({ node: nodeName }, 1)
  const runningPods = gauge('running_pods', 'Number of pods that have a running pod sandbox', [])
  const runningContainers = gauge('running_containers', 'Number of containers currently running', ['container_state'])
  const relists = histogram('pleg_relist_duration', 'Duration in seconds for relisting pods in PLEG.', [])
  const intervals = histogram('pleg_relist_interval', 'Interval in seconds between relisting in PLEG.', [])
  const seen = gauge('pleg_last_seen_seconds', 'Timestamp in seconds when PLEG was last seen active.', [])
  const turns = histogram(
    'pod_worker_duration',
    'Duration in seconds to sync a single pod. Broken down by operation type: create, update, or sync',
    ['operation_type'],
  )
  const starts = histogram(
    'pod_start_duration',
    'Duration in seconds from kubelet seeing a pod for the first time to the pod starting to run',
    [],
    startBuckets,
  )
  const pods = counter('started_pods_total', 'Cumulative number of pods started', [])
  const podErrors = counter('started_pods_errors_total', 'Cumulative number of errors when starting pods', [])
  const containers = counter('started_containers_total', 'Cumulative number of containers started', ['container_type'])
  const containerErrors = counter(
    'started_containers_errors_total',
    'Cumulative number of errors when starting containers',
    ['container_type', 'code'],
  )
  return {
    relisted(sandboxes, all, { took, since, at }) {
      relists.observe(took)
      if (since !== undefined) intervals.observe(since)
      seen.set(at)
      runningPods.set(sandboxes.filter(({ state }) => state === 'SANDBOX_READY').length)
      runningContainers.reset()
      for (const { state } of all) {
        runningContainers.inc({ container_state: state.replace('CONTAINER_', '').toLowerCase() })
      }
    },
    worked: (operation_type, took) => turns.observe({ operation_type }, took),
    began: (took) => starts.observe(took),
    sandbox(failed) {
      pods.inc()
      if (failed) podErrors.inc()
    },
    container(kind, code) {
      const container_type = kinds[kind]
      containers.inc({ container_type })
      if (code !== undefined) containerErrors.inc({ container_type, code })
    },
  }
}
