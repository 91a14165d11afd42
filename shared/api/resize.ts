import { deepEqual } from '../machinery/deep.ts'
import { parseQuantity } from '../machinery/quantity.ts'
import { getCondition, isPodLevelResource } from './pod.ts'
import type { Container, Pod, ResourceRequirements } from './types/core-v1.ts'

type Amounts = Readonly<Record<string, string>> | undefined

/**
 * The Pod with its containers, and itself where it asks for something as a whole, asking for what they hold as long as a
 * resize is not done: the most of what they ask for, what they were granted and what they have; of the latter two alone
 * where the resize can never be done. The very Pod where that changes nothing.
 */
// component-helpers/resource/helpers.go determineContainerReqs, determineContainerLimits, effectivePodLevelResources
export function whileResizing(pod: Pod): Pod {
  const { containerStatuses = [], initContainerStatuses = [], conditions, resources: had } = pod.status ?? {}
  const told = [...containerStatuses, ...initContainerStatuses].filter(({ resources }) => resources !== undefined)
  const { containers, initContainers = [], resources: whole } = pod.spec
  if (told.length === 0 && (whole === undefined || had === undefined)) return pod
  const statuses = new Map(told.map((status) => [status.name, status]))
  const isHopeless = getCondition(conditions, 'PodResizePending')?.reason === 'Infeasible'
  const holding = (container: Container): Container => {
    const status = statuses.get(container.name)
    const resources = held(container.resources, status?.resources, status?.allocatedResources, isHopeless)
    return resources === container.resources ? container : { ...container, resources }
  }
  const running = containers.map(holding)
  const starting = initContainers.map((one) => (one.restartPolicy === 'Always' ? holding(one) : one))
  // what it was granted as a whole is told with its overhead, so that it is no measure here
  const together = whole && held(whole, had && ofWhole(had), undefined, isHopeless)
  const isSame = (now: readonly Container[], before: readonly Container[]): boolean =>
    now.every((one, i) => one === before[i])
  if (isSame(running, containers) && isSame(starting, initContainers) && together === whole) return pod
  return {
    ...pod,
    spec: {
      ...pod.spec,
      containers: running,
      ...(starting.length > 0 ? { initContainers: starting } : {}),
      ...(together ? { resources: together } : {}),
    },
  }
}

/** Whether the Pod holds something else than what it asks for. */
export const isResizing = (pod: Pod): boolean => whileResizing(pod) !== pod

/** The very resources that are asked for where they are what is held. */
function held(
  asked: ResourceRequirements | undefined,
  had: ResourceRequirements | undefined,
  granted: Amounts,
  isHopeless: boolean,
): ResourceRequirements | undefined {
  if (had === undefined) return asked
  const { requests, limits } = asked ?? {}
  const most = {
    requests: mostOf(isHopeless ? undefined : requests, had.requests, granted),
    limits: mostOf(isHopeless ? undefined : limits, had.limits),
  }
  return deepEqual(most, { requests: requests ?? {}, limits: limits ?? {} }) ? asked : { ...asked, ...most }
}

function ofWhole({ requests = {}, limits = {} }: ResourceRequirements): ResourceRequirements {
  const own = (list: Record<string, string>): Record<string, string> =>
    Object.fromEntries(Object.entries(list).filter(([name]) => isPodLevelResource(name)))
  return { requests: own(requests), limits: own(limits) }
}

/** Of each resource the most that one of the lists says. */
function mostOf(...lists: readonly Amounts[]): Record<string, string> {
  const result: Record<string, string> = {}
  for (const list of lists)
    for (const [name, text] of Object.entries(list ?? {})) {
      const known = Object.hasOwn(result, name) ? result[name] : undefined
      if (known === text) continue
      if (known === undefined || parseQuantity(text).cmp(parseQuantity(known)) > 0) result[name] = text
    }
  return result
}
