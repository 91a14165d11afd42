import { clone } from '../../../../machinery/deep.ts'
import type { Pod } from '../../../types/core-v1.ts'
import { syncServiceAccount } from '../../pod-spec/defaults.ts'
import { applyLabelKeys } from '../../pod-spec/label-keys.ts'
import { podQOS } from '../../../pod.ts'

// pkg/registry/core/pod/strategy.go podStrategy.PrepareForCreate
export function prepareForCreate(pod: Pod): void {
  pod.status = { phase: 'Pending', qosClass: podQOS(pod) }
  if ((pod.spec.schedulingGates ?? []).length > 0)
    pod.status.conditions = [
      {
        type: 'PodScheduled',
        status: 'False',
        reason: 'SchedulingGated',
        message: 'Scheduling is blocked due to non-empty scheduling gates',
      },
    ]
  applyLabelKeys(pod)
  syncServiceAccount(pod.spec)
}

// pkg/registry/core/pod/strategy.go podStatusStrategy.PrepareForUpdate
export function prepareForStatusUpdate(pod: Pod, old: Pod): void {
  if (old.metadata.ownerReferences) pod.metadata.ownerReferences = clone(old.metadata.ownerReferences)
  else delete pod.metadata.ownerReferences
  pod.status ??= {}
  pod.status.qosClass = old.status?.qosClass ?? podQOS(old)
}

/** Pods that never ran, or are over, go at once; the others get what was asked for, or what they ask for. */
// pkg/registry/core/pod/strategy.go podStrategy.CheckGracefulDelete
export function deletionGracePeriod(pod: Pod, requested: number | undefined): number {
  if (!pod.spec.nodeName) return 0
  if (pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded') return 0
  const seconds = requested ?? pod.spec.terminationGracePeriodSeconds ?? 0
  return seconds < 0 ? 1 : seconds
}
