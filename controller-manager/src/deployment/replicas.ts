import type { Deployment, ReplicaSet } from '@kubets/shared/api/types/apps-v1.ts'
import { scaledValue } from '@kubets/shared/machinery/intstr.ts'
import { desiredReplicasAnnotation, maxReplicasAnnotation } from './names.ts'

export const wantedReplicas = (deployment: Deployment): number => deployment.spec.replicas ?? 1
export const isRolling = (deployment: Deployment): boolean => deployment.spec.strategy?.type !== 'Recreate'

export const specReplicas = (sets: readonly ReplicaSet[]): number =>
  sets.reduce((sum, set) => sum + (set.spec.replicas ?? 1), 0)
export const actualReplicas = (sets: readonly ReplicaSet[]): number =>
  sets.reduce((sum, set) => sum + (set.status?.replicas ?? 0), 0)
export const availableReplicas = (sets: readonly ReplicaSet[]): number =>
  sets.reduce((sum, set) => sum + (set.status?.availableReplicas ?? 0), 0)
export const readyReplicas = (sets: readonly ReplicaSet[]): number =>
  sets.reduce((sum, set) => sum + (set.status?.readyReplicas ?? 0), 0)

export const activeSets = <T extends ReplicaSet>(sets: readonly T[]): T[] =>
  sets.filter((set) => (set.spec.replicas ?? 1) > 0)

// A rollout with no room in either direction could never move: one Pod may then be missing.
// pkg/controller/deployment/util/deployment_util.go ResolveFenceposts
const fenceposts = (deployment: Deployment): { surge: number; unavailable: number } => {
  const replicas = wantedReplicas(deployment)
  const rolling = deployment.spec.strategy?.rollingUpdate
  const surge = scaledValue(rolling?.maxSurge ?? '25%', replicas, true)
  const unavailable = scaledValue(rolling?.maxUnavailable ?? '25%', replicas, false)
  return surge === 0 && unavailable === 0 ? { surge, unavailable: 1 } : { surge, unavailable }
}

/** Pods allowed above the wanted number. */
export const maxSurge = (deployment: Deployment): number => (isRolling(deployment) ? fenceposts(deployment).surge : 0)

/** Pods of the wanted number that may be missing. */
export const maxUnavailable = (deployment: Deployment): number => {
  const replicas = wantedReplicas(deployment)
  return isRolling(deployment) && replicas > 0 ? Math.min(fenceposts(deployment).unavailable, replicas) : 0
}

/** The size the new ReplicaSet may grow to now; `sets` are all of the Deployment. */
// pkg/controller/deployment/util/deployment_util.go NewRSNewReplicas
export const newSetReplicas = (deployment: Deployment, sets: readonly ReplicaSet[], current: number): number => {
  const wanted = wantedReplicas(deployment)
  if (!isRolling(deployment)) return wanted
  const room = wanted + maxSurge(deployment) - specReplicas(sets)
  return room <= 0 ? current : current + Math.min(room, wanted - current)
}

const integerAnnotation = (set: ReplicaSet, name: string): number | undefined => {
  const text = set.metadata.annotations?.[name]
  return text !== undefined && /^-?\d+$/.test(text) ? Number(text) : undefined
}

/** The Deployment's size when this set was last scaled. */
export const desiredAnnotation = (set: ReplicaSet): number | undefined =>
  integerAnnotation(set, desiredReplicasAnnotation)

// Halves go away from zero, as Go's integer.RoundToInt32 has it.
const round = (value: number): number => (value < 0 ? -Math.floor(-value + 0.5) : Math.floor(value + 0.5))

// pkg/controller/deployment/util/deployment_util.go getReplicaSetFraction
const fraction = (set: ReplicaSet, deployment: Deployment): number => {
  const size = set.spec.replicas ?? 1
  if (wantedReplicas(deployment) === 0) return -size
  const before = integerAnnotation(set, maxReplicasAnnotation) || (deployment.status?.replicas ?? 0)
  if (before === 0) return 0
  return round((size * (wantedReplicas(deployment) + maxSurge(deployment))) / before) - size
}

/**
 * Spreads a change of size over several active ReplicaSets in the proportion of their sizes; what rounding leaves goes
 * to the largest. Returns the new size of each.
 */
// pkg/controller/deployment/sync.go scale
export const proportionalSizes = (deployment: Deployment, sets: readonly ReplicaSet[]): Map<string, number> => {
  const wanted = wantedReplicas(deployment)
  const allowed = wanted > 0 ? wanted + maxSurge(deployment) : 0
  const toAdd = allowed - specReplicas(sets)
  const bySize = [...sets].sort(
    (a, b) =>
      (b.spec.replicas ?? 1) - (a.spec.replicas ?? 1) || (toAdd > 0 ? compareCreation(b, a) : compareCreation(a, b)),
  )
  const sizes = new Map<string, number>()
  let added = 0
  for (const set of bySize) {
    const size = set.spec.replicas ?? 1
    let share = 0
    if (toAdd !== added) {
      const part = fraction(set, deployment)
      share = toAdd > 0 ? Math.min(part, toAdd - added) : Math.max(part, toAdd - added)
    }
    if (toAdd === 0) share = 0
    added += share
    sizes.set(set.metadata.name ?? '', size + share)
  }
  const largest = bySize[0]?.metadata.name
  if (largest !== undefined && toAdd !== 0) sizes.set(largest, Math.max(0, (sizes.get(largest) ?? 0) + toAdd - added))
  return sizes
}

/** Oldest first, names break ties. */
export const compareCreation = (a: ReplicaSet, b: ReplicaSet): number => {
  const timeA = a.metadata.creationTimestamp ?? ''
  const timeB = b.metadata.creationTimestamp ?? ''
  if (timeA !== timeB) return timeA < timeB ? -1 : 1
  return (a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1
}
