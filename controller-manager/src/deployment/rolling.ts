import type { ReplicaSet } from '@kubets/shared/api/types/apps-v1.ts'
import {
  activeSets,
  availableReplicas,
  compareCreation,
  maxUnavailable,
  newSetReplicas,
  specReplicas,
  wantedReplicas,
} from './replicas.ts'
import type { Rollout } from './rollout.ts'

// pkg/controller/deployment/rolling.go reconcileNewReplicaSet
const growNewSet = (rollout: Rollout): boolean => {
  const { deployment, newSet, sets } = rollout
  if (!newSet) return false
  const size = newSet.spec.replicas ?? 1
  const wanted = wantedReplicas(deployment)
  if (size === wanted) return false
  return rollout.scale(newSet, size > wanted ? wanted : newSetReplicas(deployment, sets, size))
}

// Pods that never became available cost nothing to remove, so they go before healthy ones.
// pkg/controller/deployment/rolling.go cleanupUnhealthyReplicas
const removeUnhealthy = (rollout: Rollout, oldSets: readonly ReplicaSet[], most: number): number => {
  let removed = 0
  for (const set of oldSets) {
    if (removed >= most) break
    const size = set.spec.replicas ?? 1
    const unhealthy = size - (set.status?.availableReplicas ?? 0)
    if (size === 0 || unhealthy <= 0) continue
    const count = Math.min(most - removed, unhealthy)
    rollout.scale(set, size - count)
    removed += count
  }
  return removed
}

// pkg/controller/deployment/rolling.go scaleDownOldReplicaSetsForRollingUpdate
const removeHealthy = (rollout: Rollout, oldSets: readonly ReplicaSet[], least: number): number => {
  const most = availableReplicas(rollout.sets) - least
  let removed = 0
  for (const set of oldSets) {
    if (removed >= most) break
    const size = set.spec.replicas ?? 1
    if (size === 0) continue
    const count = Math.min(size, most - removed)
    rollout.scale(set, size - count)
    removed += count
  }
  return removed
}

// pkg/controller/deployment/rolling.go reconcileOldReplicaSets
const shrinkOldSets = (rollout: Rollout): boolean => {
  const { deployment, newSet, sets } = rollout
  const oldSets = activeSets(rollout.oldSets).sort(compareCreation)
  if (specReplicas(oldSets) === 0) return false
  const least = wantedReplicas(deployment) - maxUnavailable(deployment)
  const newUnavailable = newSet ? (newSet.spec.replicas ?? 1) - (newSet.status?.availableReplicas ?? 0) : 0
  const most = specReplicas(sets) - least - newUnavailable
  if (most <= 0) return false
  return removeUnhealthy(rollout, oldSets, most) + removeHealthy(rollout, oldSets, least) > 0
}

/** One step of a rolling update; true when it changed a size, and the next step waits for its effect. */
export const stepRolling = (rollout: Rollout): boolean => {
  rollout.syncNewSet(true)
  return growNewSet(rollout) || shrinkOldSets(rollout)
}
