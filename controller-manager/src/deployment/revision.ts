import type { Deployment, ReplicaSet } from '@kubets/shared/api/types/apps-v1.ts'
import {
  desiredReplicasAnnotation,
  maxReplicasAnnotation,
  ownAnnotations,
  revisionAnnotation,
  revisionHistoryAnnotation,
} from './names.ts'
import { maxSurge, wantedReplicas } from './replicas.ts'

// Longest text kept in the history annotation; pkg/controller/deployment/sync.go maxRevHistoryLengthInChars
const longestHistory = 2000

/** A ReplicaSet's revision; 0 where it has none or an unreadable one. */
export const revisionOf = (set: ReplicaSet): number => {
  const text = set.metadata.annotations?.[revisionAnnotation] ?? ''
  return /^\d+$/.test(text) ? Number(text) : 0
}

export const highestRevision = (sets: readonly ReplicaSet[]): number => Math.max(0, ...sets.map(revisionOf))

const extendHistory = (history: string | undefined, revision: string): string => {
  const revisions = history ? history.split(',') : []
  while (revisions.length > 0 && revisions.join(',').length + revision.length + 1 > longestHistory) revisions.shift()
  return [...revisions, revision].join(',')
}

/** The annotations of a ReplicaSet with the Deployment's size at this moment. */
// pkg/controller/deployment/util/deployment_util.go SetReplicasAnnotations
export const sizeAnnotations = (deployment: Deployment): Record<string, string> => ({
  [desiredReplicasAnnotation]: String(wantedReplicas(deployment)),
  [maxReplicasAnnotation]: String(wantedReplicas(deployment) + maxSurge(deployment)),
})

/**
 * The annotations the newest ReplicaSet should have: the Deployment's own, and the revision, which only rises; revisions
 * it had before go to its history (a rollback makes an old ReplicaSet the newest again).
 */
// pkg/controller/deployment/util/deployment_util.go SetNewReplicaSetAnnotations
export const newSetAnnotations = (
  deployment: Deployment,
  current: Record<string, string> | undefined,
  revision: number,
): Record<string, string> => {
  const result = { ...current }
  for (const [name, value] of Object.entries(deployment.metadata.annotations ?? {}))
    if (!ownAnnotations.has(name)) result[name] = value
  const before = result[revisionAnnotation]
  if (before !== undefined && before !== '' && !/^\d+$/.test(before)) return result
  if (Number(before ?? 0) < revision) {
    result[revisionAnnotation] = String(revision)
    if (before) result[revisionHistoryAnnotation] = extendHistory(result[revisionHistoryAnnotation], before)
  }
  return result
}
