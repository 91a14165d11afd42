import { deepEqual } from '../machinery/deep.ts'
import { parseQuantity } from '../machinery/quantity.ts'
import { getCondition } from './pod.ts'
import type { Container, ContainerStatus, Pod } from './types/core-v1.ts'

type Amounts = Readonly<Record<string, string>> | undefined

/**
 * The Pod with its containers asking for what they hold as long as a resize is not done: the most of what they ask for,
 * what they were granted and what they have; of the latter two alone where the resize can never be done. The very Pod
 * where that changes nothing.
 */
// component-helpers/resource/helpers.go determineContainerReqs, determineContainerLimits
export function whileResizing(pod: Pod): Pod {
  const { containerStatuses = [], initContainerStatuses = [], conditions } = pod.status ?? {}
  const told = [...containerStatuses, ...initContainerStatuses].filter(({ resources }) => resources !== undefined)
  if (told.length === 0) return pod
  const statuses = new Map(told.map((status) => [status.name, status]))
  const isHopeless = getCondition(conditions, 'PodResizePending')?.reason === 'Infeasible'
  const { containers, initContainers = [] } = pod.spec
  const running = containers.map((one) => holding(one, statuses.get(one.name), isHopeless))
  const starting = initContainers.map((one) =>
    one.restartPolicy === 'Always' ? holding(one, statuses.get(one.name), isHopeless) : one,
  )
  const isSame = (now: readonly Container[], before: readonly Container[]): boolean =>
    now.every((one, i) => one === before[i])
  if (isSame(running, containers) && isSame(starting, initContainers)) return pod
  const spec = { ...pod.spec, containers: running, ...(starting.length > 0 ? { initContainers: starting } : {}) }
  return { ...pod, spec }
}

/** Whether the Pod holds something else than what it asks for. */
export const isResizing = (pod: Pod): boolean => whileResizing(pod) !== pod

function holding(container: Container, status: ContainerStatus | undefined, isHopeless: boolean): Container {
  if (status?.resources === undefined) return container
  const { resources = {} } = container
  const { requests, limits } = status.resources
  const held = {
    requests: most(isHopeless ? undefined : resources.requests, requests, status.allocatedResources),
    limits: most(isHopeless ? undefined : resources.limits, limits),
  }
  if (deepEqual(held, { requests: resources.requests ?? {}, limits: resources.limits ?? {} })) return container
  return { ...container, resources: { ...resources, ...held } }
}

/** Of each resource the most that one of the lists says. */
function most(...lists: readonly Amounts[]): Record<string, string> {
  const result: Record<string, string> = {}
  for (const list of lists)
    for (const [name, text] of Object.entries(list ?? {})) {
      const known = Object.hasOwn(result, name) ? result[name] : undefined
      if (known === text) continue
      if (known === undefined || parseQuantity(text).cmp(parseQuantity(known)) > 0) result[name] = text
    }
  return result
}
