import { quantityOf, type Quantity } from '@kubets/shared/machinery/quantity.ts'
import { podTotal, type NodeUsage, type PodUsage } from '../stats/usage.ts'
import { amountOf, type Signal, type Threshold } from './thresholds.ts'

/** How much there is of a resource, and how much is left. */
export interface Observation {
  available: Quantity
  capacity: number
}

export type Observations = ReadonlyMap<Signal, Observation>

/** What the measurements say. Without the Pods' own it takes all memory in use for theirs, which is the worst case. */
// pkg/kubelet/eviction/helpers.go makeSignalObservations
export function observationsOf(usage: NodeUsage, pods: readonly PodUsage[] | undefined): Observations {
  const { node, nodeFs, imageFs, memoryCapacityBytes, memoryForPodsBytes } = usage
  const ofPods = pods?.reduce((sum, pod) => sum + podTotal(pod).memoryWorkingSetBytes, 0)
  const bytes = (left: number, capacity: number): Observation => {
    return { available: quantityOf(Math.max(0, left), 'BinarySI'), capacity }
  }
  const count = (left: number, capacity: number): Observation => ({ available: quantityOf(left), capacity })
  return new Map<Signal, Observation>([
    ['memory.available', bytes(memoryCapacityBytes - node.memoryWorkingSetBytes, memoryCapacityBytes)],
    [
      'allocatableMemory.available',
      bytes(memoryForPodsBytes - (ofPods ?? node.memoryWorkingSetBytes), memoryForPodsBytes),
    ],
    ['nodefs.available', bytes(nodeFs.availableBytes, nodeFs.capacityBytes)],
    ['nodefs.inodesFree', count(nodeFs.inodesFree, nodeFs.inodes)],
    ['imagefs.available', bytes(imageFs.availableBytes, imageFs.capacityBytes)],
    ['imagefs.inodesFree', count(imageFs.inodesFree, imageFs.inodes)],
    ['pid.available', count(node.maxProcesses - node.processes, node.maxProcesses)],
  ])
}

/** The thresholds that are crossed; with `reclaim`, also those where less than the minimum came back. */
// thresholdsMet
export function crossed(
  thresholds: readonly Threshold[],
  observations: Observations,
  { reclaim }: { reclaim: boolean },
): Threshold[] {
  return thresholds.filter(({ signal, value, minReclaim }) => {
    const seen = observations.get(signal)
    if (!seen) return false
    const amount = amountOf(value, seen.capacity)
    const wanted = reclaim && minReclaim ? amount.add(amountOf(minReclaim, seen.capacity)) : amount
    return wanted.cmp(seen.available) > 0
  })
}
