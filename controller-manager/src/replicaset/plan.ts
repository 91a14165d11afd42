import { isPodReady } from '@kubets/shared/api/pod.ts'
import type { ReplicaSetCondition, ReplicaSetStatus } from '@kubets/shared/api/types/apps-v1.ts'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { deepEqual } from '@kubets/shared/machinery/deep.ts'
import { formatTime } from '@kubets/shared/machinery/time.ts'
import { availableIn, isPodActive, isPodTerminating } from '../pods/availability.ts'
import { orderForDeletion } from '../pods/rank.ts'

// One reconcile creates or deletes no more Pods than this.
// pkg/controller/replicaset/replica_set.go BurstReplicas
const burst = 500

/** What a ReplicaSet and a ReplicationController have in common. */
export interface ReplicaOwner {
  generation: number
  deleting: boolean
  replicas: number
  minReadySeconds: number
  templateLabels: Record<string, string>
  status: ReplicaSetStatus
  /** Whether the status has a count of terminating Pods. */
  countsTerminating: boolean
}

export interface ReplicasSeen {
  owner: ReplicaOwner
  /** Pods the owner controls, finished and dying ones included. */
  pods: readonly Pod[]
  /** Active Pods of the owner and of its siblings under the same parent. */
  related: readonly Pod[]
  /** False while the cache may still miss what was written before. */
  current: boolean
}

export interface ReplicasPlan {
  create: number
  delete: Pod[]
}

/** How many Pods to create, or which to delete. */
// pkg/controller/replicaset/replica_set.go manageReplicas
export const plan = ({ owner, pods, related, current }: ReplicasSeen, now: number): ReplicasPlan => {
  if (owner.deleting || !current) return { create: 0, delete: [] }
  const active = pods.filter(isPodActive)
  const missing = owner.replicas - active.length
  if (missing > 0) return { create: Math.min(missing, burst), delete: [] }
  const excess = Math.min(-missing, burst)
  if (excess === 0) return { create: 0, delete: [] }
  if (excess === active.length) return { create: 0, delete: active }
  return { create: 0, delete: orderForDeletion(active, related, now).slice(0, excess) }
}

export interface StatusPlan {
  status: ReplicaSetStatus
  changed: boolean
  /** Milliseconds until a ready Pod becomes available by time alone. */
  checkAfter?: number
}

const hasAll = (labels: Record<string, string>, wanted: Record<string, string>): boolean =>
  Object.entries(wanted).every(([key, value]) => labels[key] === value)

const conditionsAfter = (
  old: readonly ReplicaSetCondition[],
  failure: { creating: boolean; message: string } | undefined,
  now: number,
): ReplicaSetCondition[] => {
  const present = old.some((condition) => condition.type === 'ReplicaFailure')
  if (!failure) return old.filter((condition) => condition.type !== 'ReplicaFailure')
  if (present) return [...old]
  return [
    ...old,
    {
      type: 'ReplicaFailure',
      status: 'True',
      reason: failure.creating ? 'FailedCreate' : 'FailedDelete',
      message: failure.message,
      lastTransitionTime: formatTime(now),
    },
  ]
}

/**
 * The status the owner should show for these Pods. `failure` is the message of the write that failed in this
 * reconcile, if one did.
 */
// pkg/controller/replicaset/replica_set_utils.go calculateStatus
export const planStatus = (
  owner: ReplicaOwner,
  pods: readonly Pod[],
  failure: string | undefined,
  now: number,
): StatusPlan => {
  const active = pods.filter(isPodActive)
  let fullyLabeled = 0
  let ready = 0
  let available = 0
  let checkAfter: number | undefined
  for (const pod of active) {
    if (hasAll(pod.metadata.labels ?? {}, owner.templateLabels)) fullyLabeled++
    if (!isPodReady(pod)) continue
    ready++
    const wait = availableIn(pod, owner.minReadySeconds, now)
    if (wait === 0) available++
    else if (wait !== undefined) checkAfter = Math.min(checkAfter ?? wait, wait)
  }
  const conditions = conditionsAfter(
    owner.status.conditions ?? [],
    failure === undefined ? undefined : { creating: active.length < owner.replicas, message: failure },
    now,
  )
  const status: ReplicaSetStatus = {
    replicas: active.length,
    fullyLabeledReplicas: fullyLabeled,
    readyReplicas: ready,
    availableReplicas: available,
    ...(owner.countsTerminating ? { terminatingReplicas: pods.filter(isPodTerminating).length } : {}),
    observedGeneration: owner.generation,
    ...(conditions.length > 0 ? { conditions } : {}),
  }
  return {
    status: withoutZeroes(status),
    changed: !deepEqual(withoutZeroes(status), withoutZeroes(owner.status)),
    ...(checkAfter !== undefined ? { checkAfter } : {}),
  }
}

// The server stores no zero counts but these two, so they must not look like a difference.
const withoutZeroes = (status: ReplicaSetStatus): ReplicaSetStatus => {
  const kept = Object.entries(status).filter(
    ([name, value]) => (value !== 0 && value !== undefined) || name === 'terminatingReplicas',
  )
  return { ...(Object.fromEntries(kept) as Partial<ReplicaSetStatus>), replicas: status.replicas }
}
