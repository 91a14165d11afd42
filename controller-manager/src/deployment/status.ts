import type { Deployment, DeploymentStatus, ReplicaSet } from '@kubets/shared/api/types/apps-v1.ts'
import { parseTime } from '@kubets/shared/machinery/time.ts'
import { findCondition, newCondition, withCondition, withoutCondition } from './conditions.ts'
import { reasons } from './names.ts'
import {
  actualReplicas,
  availableReplicas,
  maxUnavailable,
  readyReplicas,
  specReplicas,
  wantedReplicas,
} from './replicas.ts'

const never = 2147483647

/** Seconds a rollout may stand still, undefined when it may for ever. */
export const progressDeadline = (deployment: Deployment): number | undefined => {
  const seconds = deployment.spec.progressDeadlineSeconds
  return seconds === never ? undefined : seconds
}

// A set that its controller has not looked at yet has no Pods; one that it has, without this count, leaves it unknown.
// pkg/controller/deployment/util/deployment_util.go GetTerminatingReplicaCountForReplicaSets
const terminatingReplicas = (sets: readonly ReplicaSet[]): number | undefined => {
  let sum = 0
  for (const { status } of sets) {
    if (status?.terminatingReplicas !== undefined) sum += status.terminatingReplicas
    else if (status?.observedGeneration) return undefined
  }
  return sum
}

/** Counts and availability; `deployment.status` gives what lasts from one status to the next. */
// pkg/controller/deployment/sync.go calculateStatus
export const countStatus = (
  deployment: Deployment,
  sets: readonly ReplicaSet[],
  newSet: ReplicaSet | undefined,
  now: number,
): DeploymentStatus => {
  const available = availableReplicas(sets)
  const enough = available >= wantedReplicas(deployment) - maxUnavailable(deployment)
  const availability = enough
    ? newCondition('Available', 'True', reasons.minimumAvailable, 'Deployment has minimum availability.', now)
    : newCondition(
        'Available',
        'False',
        reasons.minimumUnavailable,
        'Deployment does not have minimum availability.',
        now,
      )
  const terminating = terminatingReplicas(sets)
  return {
    observedGeneration: deployment.metadata.generation ?? 0,
    replicas: actualReplicas(sets),
    updatedReplicas: newSet ? actualReplicas([newSet]) : 0,
    readyReplicas: readyReplicas(sets),
    availableReplicas: available,
    unavailableReplicas: Math.max(0, specReplicas(sets) - available),
    ...(terminating === undefined ? {} : { terminatingReplicas: terminating }),
    ...(deployment.status?.collisionCount === undefined ? {} : { collisionCount: deployment.status.collisionCount }),
    conditions: withCondition(deployment.status?.conditions ?? [], availability),
  }
}

/** True when every wanted Pod is of the newest template and available, and no other is left. */
// pkg/controller/deployment/util/deployment_util.go DeploymentComplete
export const isComplete = (deployment: Deployment, status: DeploymentStatus): boolean => {
  const wanted = wantedReplicas(deployment)
  return (
    (status.updatedReplicas ?? 0) === wanted &&
    (status.replicas ?? 0) === wanted &&
    (status.availableReplicas ?? 0) === wanted &&
    (status.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0)
  )
}

// pkg/controller/deployment/util/deployment_util.go DeploymentProgressing
const hasMoved = (old: DeploymentStatus, next: DeploymentStatus): boolean =>
  (next.updatedReplicas ?? 0) > (old.updatedReplicas ?? 0) ||
  (next.replicas ?? 0) - (next.updatedReplicas ?? 0) < (old.replicas ?? 0) - (old.updatedReplicas ?? 0) ||
  (next.readyReplicas ?? 0) > (old.readyReplicas ?? 0) ||
  (next.availableReplicas ?? 0) > (old.availableReplicas ?? 0)

// pkg/controller/deployment/util/deployment_util.go DeploymentTimedOut
const isTimedOut = (deadline: number, status: DeploymentStatus, now: number): boolean => {
  const condition = findCondition(status.conditions ?? [], 'Progressing')
  if (!condition || condition.reason === reasons.available) return false
  if (condition.reason === reasons.timedOut) return true
  return parseTime(condition.lastUpdateTime ?? '') + deadline * 1000 < now
}

const replicaFailure = (
  sets: readonly ReplicaSet[],
  newSet: ReplicaSet | undefined,
): ReturnType<typeof newCondition> | undefined => {
  for (const set of newSet ? [newSet, ...sets] : sets) {
    const failure = set.status?.conditions?.find((condition) => condition.type === 'ReplicaFailure')
    if (!failure) continue
    const { type, status, reason, message, lastTransitionTime } = failure
    return { type, status, reason, message, lastTransitionTime, lastUpdateTime: lastTransitionTime }
  }
  return undefined
}

/** The status of a rollout: counts, progress against the deadline, and the failures of its ReplicaSets. */
// pkg/controller/deployment/progress.go syncRolloutStatus
export const rolloutStatus = (
  deployment: Deployment,
  sets: readonly ReplicaSet[],
  newSet: ReplicaSet | undefined,
  now: number,
): DeploymentStatus => {
  const status = countStatus(deployment, sets, newSet, now)
  const old = deployment.status ?? {}
  const deadline = progressDeadline(deployment)
  const current = findCondition(old.conditions ?? [], 'Progressing')
  const who = newSet ? `ReplicaSet "${newSet.metadata.name}"` : `Deployment "${deployment.metadata.name}"`
  const progressing = (value: string, reason: string, text: string): ReturnType<typeof newCondition> =>
    newCondition('Progressing', value, reason, `${who} ${text}`, now)
  let conditions = [...(status.conditions ?? [])]

  if (deadline === undefined) conditions = withoutCondition(conditions, 'Progressing')
  const settled = status.replicas === status.updatedReplicas && current?.reason === reasons.available
  if (deadline !== undefined && !settled) {
    if (isComplete(deployment, status)) {
      conditions = withCondition(conditions, progressing('True', reasons.available, 'has successfully progressed.'))
    } else if (hasMoved(old, status)) {
      // Unlike other conditions this one is renewed for the same reason: its update time is when progress was last seen.
      const next = progressing('True', reasons.replicaSetUpdated, 'is progressing.')
      if (current?.status === 'True' && current.lastTransitionTime) next.lastTransitionTime = current.lastTransitionTime
      conditions = [...withoutCondition(conditions, 'Progressing'), next]
    } else if (isTimedOut(deadline, status, now)) {
      conditions = withCondition(conditions, progressing('False', reasons.timedOut, 'has timed out progressing.'))
    }
  }

  const failure = replicaFailure(sets, newSet)
  conditions = failure ? withCondition(conditions, failure) : withoutCondition(conditions, 'ReplicaFailure')
  return { ...status, conditions }
}

/** Milliseconds until a rollout that stands still has to be looked at for its deadline. */
// pkg/controller/deployment/progress.go requeueStuckDeployment
export const deadlineCheckIn = (deployment: Deployment, status: DeploymentStatus, now: number): number | undefined => {
  const deadline = progressDeadline(deployment)
  const condition = findCondition(status.conditions ?? [], 'Progressing')
  if (deadline === undefined || !condition) return undefined
  if (isComplete(deployment, status)) return undefined
  if (condition.reason === reasons.timedOut || condition.reason === reasons.available) return undefined
  // A second more, as the deadline compares whole seconds.
  return Math.max(0, parseTime(condition.lastUpdateTime ?? '') + deadline * 1000 - now) + 1000
}
