import type { Node, Pod, Taint, Toleration } from '@kubets/shared/api/types/core-v1.ts'
import { tolerates } from '@kubets/shared/machinery/taints.ts'
import { parseTime } from '@kubets/shared/machinery/time.ts'

interface Times {
  readonly now: number
  /** When the Pod was first seen on a node with such taints: taints of kubectl and most clients bear no time. */
  readonly since: number
}

/** When a Pod has to leave its node: milliseconds since the epoch, undefined for never. */
const leavesAt = (taint: Taint, tolerations: readonly Toleration[], pod: Pod, times: Times): number | undefined => {
  const { now, since } = times
  // the first that accepts the taint counts, whatever others say: pkg/apis/core/v1/helper/helpers.go GetMatchingTolerations
  const accepting = tolerations.find((toleration) => tolerates(toleration, taint))
  if (accepting === undefined) return now
  const { tolerationSeconds } = accepting
  if (tolerationSeconds === undefined) return undefined
  // pkg/controller/tainteviction/taint_eviction.go getMinTolerationTime
  if (tolerationSeconds <= 0) return now
  // A Pod that came to a tainted node is tolerated from its own start on.
  const tainted = taint.timeAdded ? parseTime(taint.timeAdded) : since
  const created = pod.metadata.creationTimestamp ? parseTime(pod.metadata.creationTimestamp) : now
  return Math.max(tainted, created) + tolerationSeconds * 1000
}

/** When the NoExecute taints of its node make the Pod leave; `now` or earlier means at once, undefined never. */
// pkg/controller/tainteviction/taint_eviction.go processPodOnNode
export const evictionTime = (pod: Pod, node: Node | undefined, times: Times): number | undefined => {
  if (!node || pod.metadata.deletionTimestamp !== undefined) return undefined
  let earliest: number | undefined
  for (const taint of node.spec.taints ?? []) {
    if (taint.effect !== 'NoExecute') continue
    const time = leavesAt(taint, pod.spec?.tolerations ?? [], pod, times)
    if (time !== undefined) earliest = Math.min(earliest ?? time, time)
  }
  return earliest
}

/** What is told on a Pod that has to leave, by its key. */
// pkg/controller/tainteviction/taint_eviction.go emitPodDeletionEvent
export const evictedText = (pod: string): string => `Marking for deletion Pod ${pod}`

/** What is told on one that was to leave after a time and is let be. */
// pkg/controller/tainteviction/taint_eviction.go emitCancelPodDeletionEvent
export const cancelledText = (pod: string): string => `Cancelling deletion of Pod ${pod}`
