import type { Node } from '@kubets/shared/api/types/core-v1.ts'
import { parseQuantity } from '@kubets/shared/machinery/quantity.ts'
import { NodeInfo } from '../cache/node-info.ts'
import type { PodInfo } from '../cache/pod-info.ts'
import { resourcesOf, type Resources } from '../cache/resources.ts'
import { defaultArgs, type PluginArgs } from '../config/args.ts'
import type { Plugin, Rejection } from '../framework/plugin.ts'
import { allocationScore } from './allocation-strategies.ts'

/** The resources a node lacks for a Pod; undefined: none. */
// pkg/scheduler/framework/plugins/noderesources/fit.go fitsRequest
function lacking({ requests }: PodInfo, node: NodeInfo, isIgnored: (name: string) => boolean): Rejection | undefined {
  const { allocatable, requested } = node
  const reasons: string[] = []
  let unresolvable = false
  const lack = (name: string, wanted: number, capacity: number): void => {
    reasons.push(`Insufficient ${name}`)
    // not even the empty node would do
    unresolvable ||= wanted > capacity
  }
  if (node.pods.size + 1 > node.allowedPods) reasons.push('Too many pods')
  if (isLacking(requests.milliCPU, requested.milliCPU, allocatable.milliCPU)) {
    lack('cpu', requests.milliCPU, allocatable.milliCPU)
  }
  if (isLacking(requests.memory, requested.memory, allocatable.memory)) {
    lack('memory', requests.memory, allocatable.memory)
  }
  if (isLacking(requests.ephemeralStorage, requested.ephemeralStorage, allocatable.ephemeralStorage)) {
    lack('ephemeral-storage', requests.ephemeralStorage, allocatable.ephemeralStorage)
  }
  for (const [name, wanted] of requests.scalar) {
    const capacity = allocatable.scalar.get(name) ?? 0
    if (!isIgnored(name) && isLacking(wanted, requested.scalar.get(name) ?? 0, capacity)) lack(name, wanted, capacity)
  }
  return reasons.length === 0 ? undefined : { unresolvable, reasons }
}

/** Whether the Pod fits beyond doubt; most nodes need no longer look. */
function hasRoom({ requests }: PodInfo, { pods, allowedPods, allocatable, requested }: NodeInfo): boolean {
  return (
    requests.scalar.size === 0 &&
    pods.size < allowedPods &&
    !isLacking(requests.milliCPU, requested.milliCPU, allocatable.milliCPU) &&
    !isLacking(requests.memory, requested.memory, allocatable.memory) &&
    !isLacking(requests.ephemeralStorage, requested.ephemeralStorage, allocatable.ephemeralStorage)
  )
}

const isLacking = (wanted: number, used: number, capacity: number): boolean => wanted > 0 && wanted > capacity - used

/** Extended resources that somebody else looks after. */
function isIgnored({ ignoredResources, ignoredResourceGroups }: PluginArgs['NodeResourcesFit']) {
  const [names, groups] = [new Set(ignoredResources), new Set(ignoredResourceGroups)]
  return (name: string): boolean => isExtended(name) && (names.has(name) || groups.has(name.split('/')[0] ?? ''))
}

// pkg/apis/core/v1/helper/helpers.go IsExtendedResourceName
const isExtended = (name: string): boolean => name.includes('/') && !name.includes('kubernetes.io/')

/** Filters by what fits and prefers nodes by what is allocated there, by default the least. */
// pkg/scheduler/framework/plugins/noderesources/fit.go
export const nodeResourcesFit = (args = defaultArgs.NodeResourcesFit): Plugin => ({
  name: 'NodeResourcesFit',
  preFilter(pod) {
    const ignored = isIgnored(args)
    return (node) => (hasRoom(pod, node) ? undefined : lacking(pod, node, ignored))
  },
  preScore: (pod) => ({ score: allocationScore(args.scoringStrategy, pod) }),
  queueingHint(pod, event) {
    switch (event.kind) {
      case 'NodeAdd':
        return fitsEmpty(pod, event.node, isIgnored(args))
      case 'AssignedPodDelete':
        return true
      case 'AssignedPodUpdate':
        return someGrew(pod, event.pod.requests, event.old.requests)
      case 'NodeUpdate':
        return fitsEmpty(pod, event.node, isIgnored(args)) && hasMoreFor(pod, event.old, event.node)
      default:
        return false
    }
  },
})

/** Whether the node, with nobody on it, has room for the Pod. */
// pkg/scheduler/framework/plugins/noderesources/fit.go isFit
function fitsEmpty(pod: PodInfo, node: Node, isIgnored: (name: string) => boolean): boolean {
  const empty = new NodeInfo(node.metadata.name ?? '')
  empty.setNode(node)
  return lacking(pod, empty, isIgnored) === undefined
}

// pkg/scheduler/framework/plugins/noderesources/fit.go haveAnyRequestedResourcesIncreased
function hasMoreFor(pod: PodInfo, old: Node, node: Node): boolean {
  const [before, now] = [old.status?.allocatable ?? {}, node.status?.allocatable ?? {}]
  const pods = (list: Readonly<Record<string, string>>): number => parseQuantity(list['pods'] ?? '0').value()
  return pods(now) > pods(before) || someGrew(pod, resourcesOf(before), resourcesOf(now))
}

/** Whether there is more than before of anything that the Pod asks for. */
function someGrew({ requests }: PodInfo, before: Resources, now: Resources): boolean {
  return (
    (requests.milliCPU > 0 && now.milliCPU > before.milliCPU) ||
    (requests.memory > 0 && now.memory > before.memory) ||
    (requests.ephemeralStorage > 0 && now.ephemeralStorage > before.ephemeralStorage) ||
    [...requests.scalar].some(
      ([name, wanted]) => wanted > 0 && (now.scalar.get(name) ?? 0) > (before.scalar.get(name) ?? 0),
    )
  )
}
