import type { ContainerState, ContainerStatus, Pod, PodStatus } from '@kubets/shared/api/types/core-v1.ts'

// pkg/kubelet/container/runtime.go MaxPodTerminationMessageLogLength
const maxMessages = 12 * 1024

/**
 * The status in the form in which it is reported: what containers left as their last words fits in one object, each having
 * an equal share, and containers are in the order of their names (init containers in that of the spec).
 */
// pkg/kubelet/status/status_manager.go normalizeStatus, pkg/kubelet/types/types.go SortedContainerStatuses
export function normalizeStatus({ spec }: Pod, status: PodStatus): PodStatus {
  const share = Math.floor(maxMessages / (spec.containers.length + (spec.initContainers ?? []).length))
  const shown = (one: ContainerStatus): ContainerStatus => ({
    ...one,
    ...(one.state && { state: shorten(one.state, share) }),
    ...(one.lastState && { lastState: shorten(one.lastState, share) }),
  })
  const byName = (list: readonly ContainerStatus[]): ContainerStatus[] =>
    list.map(shown).toSorted((a, b) => (a.name < b.name ? -1 : 1))
  const { initContainerStatuses: init, containerStatuses: main, ephemeralContainerStatuses: ephemeral } = status
  return {
    ...status,
    ...(init && { initContainerStatuses: init.map(shown) }),
    ...(main && { containerStatuses: byName(main) }),
    ...(ephemeral && { ephemeralContainerStatuses: byName(ephemeral) }),
  }
}

function shorten(state: ContainerState, share: number): ContainerState {
  const { terminated } = state
  const bytes = Buffer.from(terminated?.message ?? '')
  if (!terminated || bytes.length <= share) return state
  return { ...state, terminated: { ...terminated, message: bytes.toString('utf8', 0, share) } }
}
