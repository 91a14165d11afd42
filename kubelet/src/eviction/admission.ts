// Which Pods a node under pressure takes: pure. pkg/kubelet/eviction/eviction_manager.go Admit
import { podQOS } from '@kubets/shared/api/pod.ts'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { untoleratedTaint } from '@kubets/shared/machinery/taints.ts'
import type { Rejection } from '../pods/admission.ts'
import { isCritical } from '../pods/preemption.ts'
import type { Pressure } from './thresholds.ts'

/** What is said of a Pod that the node does without. */
export const evicted = 'Evicted'

const memoryTaint = { key: 'node.kubernetes.io/memory-pressure', effect: 'NoSchedule' } as const

/** Why a node in these conditions does not take the Pod; undefined when it does. */
export function pressureRefusal(pod: Pod, conditions: readonly Pressure[]): Rejection | undefined {
  if (conditions.length === 0 || isCritical(pod)) return undefined
  if (conditions.length === 1 && conditions[0] === 'MemoryPressure') {
    if (podQOS(pod) !== 'BestEffort') return undefined
    if (!untoleratedTaint([memoryTaint], pod.spec.tolerations, ['NoSchedule'])) return undefined
  }
  return { reason: evicted, message: `The node had condition: [${conditions.join(' ')}]. ` }
}
