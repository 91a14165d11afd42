import type { Registry } from 'prom-client'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { counterIn } from '../registered.ts'

/** Why a Pod is removed. */
// pkg/controller/podgc/metrics/metrics.go
export type Reason = 'terminated' | 'out-of-service' | 'orphaned' | 'unscheduled'

const labelNames = ['namespace', 'reason'] as const

/** What is counted of removed Pods, under upstream's names: `removed` takes whether that failed. */
export const collectionMetrics = (registry: Registry) => {
  const all = counterIn(registry, {
    name: 'pod_gc_collector_force_delete_pods_total',
    help: 'Number of pods that are being forcefully deleted since the Pod GC Controller started.',
    labelNames,
  })
  const failed = counterIn(registry, {
    name: 'pod_gc_collector_force_delete_pod_errors_total',
    help: 'Number of errors encountered when forcefully deleting the pods since the Pod GC Controller started.',
    labelNames,
  })
  return {
    removed: ({ metadata: { namespace = '' } }: Pod, reason: Reason, isFailed: boolean): void => {
      all.inc({ namespace, reason })
      if (isFailed) failed.inc({ namespace, reason })
    },
  }
}
