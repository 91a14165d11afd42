import { isPodTerminal } from '@kubets/shared/api/pod.ts'
import type { PersistentVolumeClaim, Pod } from '@kubets/shared/api/types/core-v1.ts'
import { claimNameOf, notMadeFor } from '@kubets/shared/api/volume-binding.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import { protection, type ProtectionAction } from '../protection.ts'

export const finalizer = 'kubernetes.io/pvc-protection'

/** What to do with a claim, given the Pods that name it. */
// pkg/controller/volume/pvcprotection/pvc_protection_controller.go processPVC
export const plan = (claim: PersistentVolumeClaim, pods: readonly Pod[]): ProtectionAction =>
  protection(claim as KubeObject, finalizer, () => pods.some((pod) => uses(pod, claim)))

// podUsesPVC: no kubelet starts a Pod with a claim that goes, so only a Pod that is on a node counts
function uses(pod: Pod, claim: PersistentVolumeClaim): boolean {
  if (!pod.spec.nodeName) return false
  const name = claim.metadata.name ?? ''
  return (pod.spec.volumes ?? []).some((volume) => {
    if (claimNameOf(pod, volume) !== name) return false
    return !volume.ephemeral || (!isShutDown(pod) && notMadeFor(pod, claim) === undefined)
  })
}

// podIsShutDown: only finalizers keep it
const isShutDown = ({ metadata }: Pod): boolean =>
  metadata.deletionTimestamp !== undefined && metadata.deletionGracePeriodSeconds === 0

/** Can what became of this Pod let a claim go? */
// podAddedDeletedUpdated
export const mayLetGo = (pod: Pod): boolean => !pod.spec.nodeName || isPodTerminal(pod) || isShutDown(pod)
