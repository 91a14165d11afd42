import type { NodeInfo } from '../cache/node-info.ts'
import type { PodInfo } from '../cache/pod-info.ts'
import { resourcesOf } from '../cache/resources.ts'
import { maxNodeScore, type Plugin, type Rejection } from '../framework/plugin.ts'

/** The resources a node lacks for a Pod; undefined: none. */
// pkg/scheduler/framework/plugins/noderesources/fit.go fitsRequest
function lacking({ requests }: PodInfo, node: NodeInfo): Rejection | undefined {
  let reasons: string[] | undefined
  let unresolvable = false
  if (node.pods.size + 1 > node.allowedPods) reasons = ['Too many pods']
  const check = (name: string, wanted: number, used: number, capacity: number): void => {
    if (wanted === 0 || wanted <= capacity - used) return
    reasons = [...(reasons ?? []), `Insufficient ${name}`]
    // not even the empty node would do
    unresolvable ||= wanted > capacity
  }
  const { allocatable, requested } = node
  check('cpu', requests.milliCPU, requested.milliCPU, allocatable.milliCPU)
  check('memory', requests.memory, requested.memory, allocatable.memory)
  check('ephemeral-storage', requests.ephemeralStorage, requested.ephemeralStorage, allocatable.ephemeralStorage)
  for (const [name, wanted] of requests.scalar) {
    check(name, wanted, requested.scalar.get(name) ?? 0, allocatable.scalar.get(name) ?? 0)
  }
  return reasons && { unresolvable, reasons }
}

/** What share of a resource stays free, in hundredths. */
// pkg/scheduler/framework/plugins/noderesources/least_allocated.go leastRequestedScore
function freeShare(requested: number, capacity: number): number {
  if (capacity === 0 || requested > capacity) return 0
  return Math.trunc(((capacity - requested) * maxNodeScore) / capacity)
}

/** Filters by what fits and prefers the least allocated node. */
// pkg/scheduler/framework/plugins/noderesources/fit.go
export const nodeResourcesFit: Plugin = {
  name: 'NodeResourcesFit',
  preFilter: (pod) => (node) => lacking(pod, node),
  preScore({ scoredRequests }) {
    return {
      score({ allocatable, scoredRequested }) {
        let sum = 0
        let weights = 0
        if (allocatable.milliCPU > 0) {
          sum += freeShare(scoredRequested.milliCPU + scoredRequests.milliCPU, allocatable.milliCPU)
          weights++
        }
        if (allocatable.memory > 0) {
          sum += freeShare(scoredRequested.memory + scoredRequests.memory, allocatable.memory)
          weights++
        }
        return weights === 0 ? 0 : Math.trunc(sum / weights)
      },
    }
  },
  queueingHint(pod, event) {
    switch (event.kind) {
      case 'NodeAdd':
        return true
      case 'AssignedPodDelete':
        return true
      case 'AssignedPodUpdate':
        return (
          event.pod.requests.milliCPU < event.old.requests.milliCPU ||
          event.pod.requests.memory < event.old.requests.memory
        )
      case 'NodeUpdate': {
        const before = event.old.status?.allocatable ?? {}
        const now = event.node.status?.allocatable ?? {}
        if (before['pods'] !== now['pods']) return true
        const [was, is] = [resourcesOf(before), resourcesOf(now)]
        const { requests } = pod
        return (
          (requests.milliCPU > 0 && is.milliCPU > was.milliCPU) ||
          (requests.memory > 0 && is.memory > was.memory) ||
          (requests.ephemeralStorage > 0 && is.ephemeralStorage > was.ephemeralStorage) ||
          [...requests.scalar.keys()].some((name) => (is.scalar.get(name) ?? 0) > (was.scalar.get(name) ?? 0))
        )
      }
      default:
        return false
    }
  },
}
