import { isPodReady, getCondition } from '@kubets/shared/api/pod.ts'
import type { ContainerStatus, Pod } from '@kubets/shared/api/types/core-v1.ts'
import { parseTime } from '@kubets/shared/machinery/time.ts'

const deletionCostAnnotation = 'controller.kubernetes.io/pod-deletion-cost'
const phaseOrder: Record<string, number> = { Pending: 0, Unknown: 1, Running: 2 }

const deletionCost = (pod: Pod): number => {
  const text = pod.metadata.annotations?.[deletionCostAnnotation] ?? '0'
  return /^(0|-?[1-9][0-9]*)$/.test(text) ? Number(text) : 0
}

const mostRestarts = (statuses: readonly ContainerStatus[] = []): number =>
  statuses.reduce((most, { restartCount }) => Math.max(most, restartCount), 0)

const restarts = ({ status }: Pod): number => mostRestarts(status?.containerStatuses)

// pkg/controller/controller_utils.go maxContainerRestarts
const sidecarRestarts = ({ spec, status }: Pod): number =>
  mostRestarts(
    status?.initContainerStatuses?.filter(({ name }) =>
      spec.initContainers?.some((one) => one.name === name && one.restartPolicy === 'Always'),
    ),
  )

// Ages compare on a logarithmic scale, so that Pods of about one age are picked by their uid, at random in effect.
const ageRank = (time: string | undefined, now: number): number | undefined => {
  if (!time) return undefined
  const age = now - parseTime(time)
  return age <= 0 ? 0 : Math.floor(Math.log2(age * 1e6))
}

const compareAge = (a: string | undefined, b: string | undefined, now: number): number => {
  const rankA = ageRank(a, now)
  const rankB = ageRank(b, now)
  if (rankA === rankB) return 0
  if (rankA === undefined) return -1
  if (rankB === undefined) return 1
  return rankA - rankB
}

/**
 * Orders Pods by how soon they should go when an owner scales down: unscheduled, pending, not ready, cheap, on crowded
 * nodes, shortly ready, often restarted, young. `related` are all Pods of the owner and its siblings.
 */
// pkg/controller/controller_utils.go ActivePodsWithRanks.Less
export const orderForDeletion = (pods: readonly Pod[], related: readonly Pod[], now: number): Pod[] => {
  const perNode = new Map<string, number>()
  for (const pod of related) {
    const node = pod.spec?.nodeName
    if (node) perNode.set(node, (perNode.get(node) ?? 0) + 1)
  }
  const crowd = (pod: Pod): number => perNode.get(pod.spec?.nodeName ?? '') ?? 0
  const scheduled = (pod: Pod): number => (pod.spec?.nodeName ? 1 : 0)
  const phase = (pod: Pod): number => phaseOrder[pod.status?.phase ?? 'Pending'] ?? 0
  const ready = (pod: Pod): number => (isPodReady(pod) ? 1 : 0)
  const readySince = (pod: Pod): string | undefined => getCondition(pod.status?.conditions, 'Ready')?.lastTransitionTime
  return [...pods].sort(
    (a, b) =>
      scheduled(a) - scheduled(b) ||
      phase(a) - phase(b) ||
      ready(a) - ready(b) ||
      deletionCost(a) - deletionCost(b) ||
      crowd(b) - crowd(a) ||
      (ready(a) && ready(b) ? compareAge(readySince(a), readySince(b), now) : 0) ||
      restarts(b) - restarts(a) ||
      sidecarRestarts(b) - sidecarRestarts(a) ||
      compareAge(a.metadata.creationTimestamp, b.metadata.creationTimestamp, now) ||
      ((a.metadata.uid ?? '') < (b.metadata.uid ?? '') ? -1 : 1),
  )
}
