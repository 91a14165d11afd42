import type { Registry } from 'prom-client'
import { counterIn, histogramIn } from '../registered.ts'

// pkg/controller/tainteviction/metrics/metrics.go, pkg/controller/devicetainteviction/metrics/metrics.go
const buckets = [0.005, 0.025, 0.1, 0.5, 1, 2.5, 10, 30, 60, 120, 180, 240]

interface Names {
  /** What the names of the metrics begin with. */
  prefix: 'taint_eviction_controller' | 'device_taint_eviction_controller'
  /** What has a taint. */
  of: '' | 'device '
  controller: 'TaintEvictionController' | 'DeviceTaintEvictionController'
}

/** Counts Pods that were deleted for taints: `deleted` takes how long after they were to go. */
export const evictionMetrics = (registry: Registry, { prefix, of, controller }: Names) => {
  const deletions = counterIn(registry, {
    name: `${prefix}_pod_deletions_total`,
    help: `Total number of Pods deleted by ${controller} since its start.`,
  })
  const latency = histogramIn(registry, {
    name: `${prefix}_pod_deletion_duration_seconds`,
    help: `Latency, in seconds, between the time when a ${of}taint effect has been activated and a Pod's deletion via ${controller}.`,
    buckets,
  })
  return {
    deleted: (seconds: number): void => {
      deletions.inc()
      latency.observe(Math.max(0, seconds))
    },
  }
}
