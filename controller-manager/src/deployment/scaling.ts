import type { ReplicaSet } from '@kubets/shared/api/types/apps-v1.ts'
import {
  activeSets,
  compareCreation,
  desiredAnnotation,
  isRolling,
  proportionalSizes,
  wantedReplicas,
} from './replicas.ts'
import { isSaturated } from './rollout.ts'
import type { Rollout } from './rollout.ts'

/** True when the Deployment's size changed since its active ReplicaSets were last scaled. */
// pkg/controller/deployment/sync.go isScalingEvent
export const isScaling = (rollout: Rollout): boolean =>
  activeSets(rollout.sets).some((set) => {
    const desired = desiredAnnotation(set)
    return desired !== undefined && desired !== wantedReplicas(rollout.deployment)
  })

// pkg/controller/deployment/util/deployment_util.go FindActiveOrLatest
const onlyActiveOrLatest = (rollout: Rollout): ReplicaSet | undefined => {
  const active = activeSets(rollout.sets)
  if (active.length > 1) return undefined
  return active[0] ?? rollout.newSet ?? [...rollout.oldSets].sort(compareCreation).at(-1)
}

/** Scales without rolling out: one set takes the whole size, several active ones share the change. */
// pkg/controller/deployment/sync.go scale
export const scaleSets = (rollout: Rollout): void => {
  const { deployment, newSet } = rollout
  const single = onlyActiveOrLatest(rollout)
  if (single) {
    rollout.scale(single, wantedReplicas(deployment))
    return
  }
  if (isSaturated(deployment, newSet, newSet && desiredAnnotation(newSet))) {
    for (const set of activeSets(rollout.oldSets)) rollout.scale(set, 0)
    return
  }
  if (!isRolling(deployment)) return
  const active = activeSets(rollout.sets)
  const sizes = proportionalSizes(deployment, active)
  for (const set of active) rollout.scale(set, sizes.get(set.metadata.name ?? '') ?? 0)
}
