import { isPodTerminal } from '@kubets/shared/api/pod.ts'
import { controllerOf } from '@kubets/shared/machinery/object.ts'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { activeSets, actualReplicas, wantedReplicas } from './replicas.ts'
import type { Rollout } from './rollout.ts'

// pkg/controller/deployment/recreate.go oldPodsRunning
const oldPodsRun = (rollout: Rollout, pods: readonly Pod[]): boolean =>
  actualReplicas(rollout.oldSets) > 0 ||
  pods.some((pod) => !isPodTerminal(pod) && controllerOf(pod)?.uid !== (rollout.newSet?.metadata.uid ?? ''))

/** One step of a recreation: all old Pods go before a new one comes. True when the rest has to wait. */
// pkg/controller/deployment/recreate.go rolloutRecreate
export const stepRecreate = (rollout: Rollout, pods: readonly Pod[]): boolean => {
  rollout.syncNewSet(false)
  let scaledDown = false
  for (const set of activeSets(rollout.oldSets)) scaledDown = rollout.scale(set, 0) || scaledDown
  if (scaledDown || oldPodsRun(rollout, pods)) return true
  if (!rollout.newSet) rollout.syncNewSet(true)
  if (rollout.newSet && rollout.newSet.spec.replicas !== wantedReplicas(rollout.deployment))
    rollout.scale(rollout.newSet, wantedReplicas(rollout.deployment))
  return false
}
