import type { ControllerRevision } from '@kubets/shared/api/types/apps-v1.ts'
import type { PodTemplateSpec } from '@kubets/shared/api/types/core-v1.ts'
import { deepEqual } from '@kubets/shared/machinery/deep.ts'

/** The label by which a Pod says of which revision it is, and a DaemonSet's revision what its hash is. */
// staging/src/k8s.io/api/apps/v1/types.go ControllerRevisionHashLabelKey
export const revisionHashLabel = 'controller-revision-hash'

/** What a revision keeps: a strategic merge patch that puts the template back. */
// pkg/controller/daemon/update.go getPatch, pkg/controller/statefulset/stateful_set_utils.go getPatch
export const templatePatch = (template: PodTemplateSpec): Record<string, unknown> => ({
  spec: { template: { ...template, $patch: 'replace' } },
})

/** Oldest first: by revision, then by age, then by name. */
// pkg/controller/history/controller_history.go byRevision
export const inOrder = (revisions: readonly ControllerRevision[]): ControllerRevision[] =>
  revisions.toSorted((a, b) => {
    const [timeA, timeB] = [a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? '']
    return a.revision - b.revision || compare(timeA, timeB) || compare(a.metadata.name ?? '', b.metadata.name ?? '')
  })

const compare = (a: string, b: string): number => (a === b ? 0 : a < b ? -1 : 1)

/** Those that hold `data`, in the order given. */
export const equalTo = (
  revisions: readonly ControllerRevision[],
  data: Record<string, unknown>,
): readonly ControllerRevision[] => revisions.filter((one) => deepEqual(one.data, data))

/** What to do so that the newest revision holds the owner's template. */
export type RevisionPlan =
  | { readonly kind: 'keep'; readonly revision: ControllerRevision }
  | { readonly kind: 'renumber'; readonly revision: ControllerRevision; readonly number: number }
  | { readonly kind: 'create'; readonly number: number }

/** `revisions` in order. A template that was there before becomes the newest again under its old name. */
// pkg/controller/statefulset/stateful_set_control.go getStatefulSetRevisions
export const planRevision = (revisions: readonly ControllerRevision[], data: Record<string, unknown>): RevisionPlan => {
  const last = revisions.at(-1)
  const equal = equalTo(revisions, data).at(-1)
  const number = (last?.revision ?? 0) + 1
  if (equal === undefined) return { kind: 'create', number }
  if (equal === last) return { kind: 'keep', revision: equal }
  return { kind: 'renumber', revision: equal, number }
}

/**
 * The revisions to forget, oldest first: none that Pods still are of. `kept` says what the limit is about: all old
 * revisions (DaemonSets), or those alone that are no Pod's (StatefulSets).
 */
// pkg/controller/daemon/update.go cleanupHistory, pkg/controller/statefulset/stateful_set_control.go truncateHistory
export const surplus = (
  old: readonly ControllerRevision[],
  isLive: (revision: ControllerRevision) => boolean,
  limit: number,
  kept: 'all' | 'dead',
): ControllerRevision[] => {
  const dead = old.filter((one) => !isLive(one))
  return dead.slice(0, Math.max(0, (kept === 'all' ? old : dead).length - limit))
}
