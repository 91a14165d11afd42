import type { PluginArgs, ShapePoint } from '../config/args.ts'
import type { NodeInfo } from '../cache/node-info.ts'
import type { PodInfo } from '../cache/pod-info.ts'
import { maxNodeScore } from '../framework/plugin.ts'

interface Amounts {
  readonly milliCPU: number
  readonly memory: number
  readonly ephemeralStorage: number
  readonly scalar: ReadonlyMap<string, number>
}

/** How much of a resource there is in the amounts. */
export function amountOf(amounts: Amounts, name: string): number {
  switch (name) {
    case 'cpu':
      return amounts.milliCPU
    case 'memory':
      return amounts.memory
    case 'ephemeral-storage':
      return amounts.ephemeralStorage
    default:
      return amounts.scalar.get(name) ?? 0
  }
}

/** Whether the resource is one that only few Pods ask for. */
export const isScalar = (name: string): boolean => !['cpu', 'memory', 'ephemeral-storage'].includes(name)

type Score = (requested: number, capacity: number) => number

// pkg/scheduler/framework/plugins/noderesources/least_allocated.go leastRequestedScore
const least: Score = (requested, capacity) =>
  requested > capacity ? 0 : Math.trunc(((capacity - requested) * maxNodeScore) / capacity)

// pkg/scheduler/framework/plugins/noderesources/most_allocated.go mostRequestedScore
const most: Score = (requested, capacity) => Math.trunc((Math.min(requested, capacity) * maxNodeScore) / capacity)

/** A line through the points, whose scores go from 0 to 10. */
// pkg/scheduler/framework/plugins/helper/shape_score.go BuildBrokenLinearFunction
function ratio(shape: readonly ShapePoint[]): Score {
  const points = shape.map(({ utilization = 0, score = 0 }) => ({ utilization, score: score * 10 }))
  return (requested, capacity) => {
    const share = requested > capacity ? 100 : Math.trunc((requested * 100) / capacity)
    const next = points.findIndex(({ utilization }) => share <= utilization)
    const [before, after] = [points.at(next < 1 ? next : next - 1), points.at(next)]
    if (!before || !after || next < 1) return after?.score ?? 0
    const slope = (after.score - before.score) * (share - before.utilization)
    return before.score + Math.trunc(slope / (after.utilization - before.utilization))
  }
}

/** Scores a node by what is allocated with the Pod on it. */
// pkg/scheduler/framework/plugins/noderesources/resource_allocation.go score
export function allocationScore(
  { type, resources, requestedToCapacityRatio }: PluginArgs['NodeResourcesFit']['scoringStrategy'],
  pod: PodInfo,
): (node: NodeInfo) => number {
  const isRatio = type === 'RequestedToCapacityRatio'
  const score = isRatio ? ratio(requestedToCapacityRatio?.shape ?? []) : type === 'MostAllocated' ? most : least
  return ({ allocatable, requested, scoredRequested }) => {
    let sum = 0
    let weights = 0
    for (const { name, weight } of resources) {
      const scalar = isScalar(name)
      const wanted = amountOf(scalar ? pod.requests : pod.scoredRequests, name)
      const capacity = amountOf(allocatable, name)
      if (capacity === 0 || (scalar && wanted === 0)) continue
      const part = score(amountOf(scalar ? requested : scoredRequested, name) + wanted, capacity)
      if (isRatio && part <= 0) continue
      sum += part * weight
      weights += weight
    }
    if (weights === 0) return 0
    return isRatio ? Math.round(sum / weights) : Math.trunc(sum / weights)
  }
}
