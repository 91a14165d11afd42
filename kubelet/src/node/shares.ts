import type { Quantity } from '@kubets/shared/machinery/quantity.ts'
import {
  allocatableOf,
  checkReservation,
  nothingReserved,
  podsShare,
  type Reservation,
} from '../cgroups/allocatable.ts'
import type { NodeAllocatable } from '../containers/downward.ts'
import { reservedCpus, type Reserved } from '../cpus/reserve.ts'
import { allCpus, type readTopology } from '../cpus/topology.ts'
import { evictionReservation } from '../eviction/thresholds.ts'
import type { Options } from '../options.ts'
import type { Machine } from './machine.ts'
import { nodeResources } from './status.ts'

/** What of the machine is for whom. */
export interface NodeShares {
  /** All that it has. */
  capacity: Record<string, string>
  reservation: Reservation
  /** What the CPU manager gives to no Pod. */
  forSystem: Reserved
  /** What the scheduler may give to Pods. */
  allocatable: Record<string, string> & NodeAllocatable
  /** What all Pods together may use; the kernel enforces it. */
  share: Map<string, Quantity>
}

/** Says it from what the options keep from Pods. Throws an Error when that is more than there is. */
export function nodeShares(
  options: Options,
  machine: Machine,
  topology: Awaited<ReturnType<typeof readTopology>>,
): NodeShares {
  const capacity = nodeResources(machine, options.maxPods)
  const forSystem = reservedCpus(options.reservedCpus, allCpus(topology), options.kubeReserved, options.systemReserved)
  const eviction = evictionReservation(options.eviction.thresholds, capacity)
  const reservation = { kube: forSystem.kube, system: forSystem.system, eviction }
  checkReservation(capacity, reservation)
  const resources = allocatableOf(capacity, reservation)
  const enforced = options.enforceNodeAllocatable.includes('pods')
  return {
    capacity,
    reservation,
    forSystem,
    allocatable: {
      ...resources,
      cpu: resources['cpu'] ?? '0',
      memory: resources['memory'] ?? '0',
      'ephemeral-storage': resources['ephemeral-storage'] ?? '0',
    },
    share: podsShare({ ...capacity, pid: String(machine.maxProcesses) }, enforced ? reservation : nothingReserved),
  }
}
