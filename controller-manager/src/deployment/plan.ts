import type { Deployment, DeploymentStatus, ReplicaSet } from '@kubets/shared/api/types/apps-v1.ts'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { findCondition, newCondition, withCondition } from './conditions.ts'
import { reasons } from './names.ts'
import { stepRecreate } from './recreate.ts'
import { isRolling } from './replicas.ts'
import { revisionOf } from './revision.ts'
import { planRollback, rollbackTo } from './rollback.ts'
import { Rollout } from './rollout.ts'
import type { Action } from './rollout.ts'
import { stepRolling } from './rolling.ts'
import { isScaling, scaleSets } from './scaling.ts'
import { countStatus, deadlineCheckIn, isComplete, progressDeadline, rolloutStatus } from './status.ts'

export interface DeploymentSeen {
  deployment: Deployment
  /** The ReplicaSets it controls. */
  replicaSets: readonly ReplicaSet[]
  /** The Pods of those sets; only Recreate looks at them. */
  pods: readonly Pod[]
}

export interface DeploymentPlan {
  actions: Action[]
  /** Milliseconds until time alone may change the outcome. */
  checkAfter?: number
}

const unlimited = 2147483647

// pkg/controller/deployment/progress.go, sync.go checkPausedConditions
const notePause = (rollout: Rollout): void => {
  const { deployment } = rollout
  if (progressDeadline(deployment) === undefined) return
  const reason = findCondition(rollout.status.conditions ?? [], 'Progressing')?.reason
  if (reason === reasons.timedOut) return
  if (deployment.spec.paused && reason !== reasons.paused)
    rollout.setProgressing('Unknown', reasons.paused, 'Deployment is paused')
  else if (!deployment.spec.paused && reason === reasons.paused)
    rollout.setProgressing('Unknown', reasons.resumed, 'Deployment is resumed')
}

// pkg/controller/deployment/sync.go cleanupDeployment
const forgetOldSets = (rollout: Rollout): void => {
  const limit = rollout.deployment.spec.revisionHistoryLimit ?? unlimited
  if (limit === unlimited) return
  const candidates = rollout.oldSets
    .filter((set) => set.metadata.deletionTimestamp === undefined)
    .sort((a, b) => revisionOf(a) - revisionOf(b))
  for (const set of candidates.slice(0, Math.max(0, candidates.length - limit))) {
    const busy = (set.status?.replicas ?? 0) !== 0 || set.spec.replicas !== 0
    const unobserved = (set.metadata.generation ?? 0) > (set.status?.observedGeneration ?? 0)
    if (!busy && !unobserved) rollout.remove(set)
  }
}

const step = (rollout: Rollout, pods: readonly Pod[]): DeploymentPlan => {
  const { deployment, now } = rollout
  const settle = (): DeploymentPlan => ({
    actions: rollout.actions(countStatus(deployment, rollout.sets, rollout.newSet, now)),
  })
  if (deployment.metadata.deletionTimestamp !== undefined) return settle()
  notePause(rollout)
  const revision = rollbackTo(deployment)
  if (revision !== undefined && !deployment.spec.paused) {
    rollout.syncNewSet(true)
    const first = settle()
    // what is now has its revision first
    if (first.actions.length > 0) return first
    return { actions: [{ type: 'rollback', rollback: planRollback(deployment, rollout.sets, revision) }] }
  }
  if (deployment.spec.paused || isScaling(rollout)) {
    rollout.syncNewSet(false)
    scaleSets(rollout)
    // a rollback that waits for the end of the pause may ask for the oldest
    if (deployment.spec.paused && revision === undefined) forgetOldSets(rollout)
    return settle()
  }
  const before = rollout.status
  const waiting = isRolling(deployment) ? stepRolling(rollout) : stepRecreate(rollout, pods)
  if (!waiting && isComplete(deployment, before)) forgetOldSets(rollout)
  const status = rolloutStatus(deployment, rollout.sets, rollout.newSet, now)
  const checkAfter = deadlineCheckIn(deployment, status, now)
  return { actions: rollout.actions(status), ...(checkAfter === undefined ? {} : { checkAfter }) }
}

/** The writes that bring a Deployment one step further, and its status. */
// pkg/controller/deployment/deployment_controller.go syncDeployment
export const plan = ({ deployment, replicaSets, pods }: DeploymentSeen, now: number): DeploymentPlan =>
  step(new Rollout(deployment, replicaSets, now), pods)

/** What is told when the new ReplicaSet could not be created: the event's text, and the status. */
// pkg/controller/deployment/sync.go getNewReplicaSet
export const failedCreate = (
  deployment: Deployment,
  name: string,
  problem: string,
  now: number,
): { message: string; status: DeploymentStatus | undefined } => {
  const message = `Failed to create new replica set "${name}": ${problem}`
  if (progressDeadline(deployment) === undefined) return { message, status: deployment.status }
  const condition = newCondition('Progressing', 'False', reasons.createFailed, message, now)
  const conditions = withCondition(deployment.status?.conditions ?? [], condition)
  return { message, status: { ...deployment.status, conditions } }
}
