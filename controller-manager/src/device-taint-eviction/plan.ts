import { claimNameOf, isReservedFor, notMadeFor } from '@kubets/shared/api/resource-claims.ts'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import type {
  DeviceRequestAllocationResult,
  DeviceTaint,
  ResourceClaim,
  ResourceSlice,
} from '@kubets/shared/api/types/resource-v1.ts'
import { tolerates } from '@kubets/shared/machinery/taints.ts'
import { parseTime } from '@kubets/shared/machinery/time.ts'

/** What a Pod's end is decided by. */
export interface Seen {
  /** A claim of the Pod's namespace. */
  claim(name: string): ResourceClaim | undefined
  /** All slices of a driver's pool. */
  slices(driver: string, pool: string): readonly ResourceSlice[]
}

const evicts = ({ effect }: DeviceTaint): boolean => effect === 'NoExecute'

/** Whether a slice has devices whose users have to go. */
export const isTainted = ({ spec }: ResourceSlice): boolean =>
  (spec.devices ?? []).some(({ taints = [] }) => taints.some(evicts))

/** What the device in use is tainted with, as the newest generation of its pool has it. */
// pkg/controller/devicetainteviction/device_taint_eviction.go getDevice, allEvictingDeviceTaints
function taintsOf({ driver, pool, device: name }: DeviceRequestAllocationResult, seen: Seen): readonly DeviceTaint[] {
  const slices = seen.slices(driver, pool)
  const newest = Math.max(...slices.map(({ spec }) => spec.pool.generation))
  const current = slices.filter(({ spec }) => spec.pool.generation === newest)
  const device = current.flatMap(({ spec }) => spec.devices ?? []).find((one) => one.name === name)
  return (device?.taints ?? []).filter(evicts)
}

/** When a taint makes the users of a device leave; undefined: it is tolerated for ever. */
function leavesAt(taint: DeviceTaint, { tolerations = [] }: DeviceRequestAllocationResult): number | undefined {
  // the server writes one down where nobody else does
  const since = parseTime(taint.timeAdded ?? '')
  const accepting = tolerations.filter((one) => one.effect === 'NoExecute' && tolerates(one, taint))
  if (accepting.length === 0) return since
  const times = accepting.map(({ tolerationSeconds }) => tolerationSeconds)
  if (times.includes(undefined)) return undefined
  return since + Math.max(0, Math.min(...times.map((seconds) => seconds ?? 0))) * 1000
}

/** When the NoExecute taints of its devices make a Pod leave, ms since the epoch; undefined for never. */
// pkg/controller/devicetainteviction/device_taint_eviction.go podEvictionTime, claimEvictionTime
export function evictionTime(pod: Pod, seen: Seen): number | undefined {
  if (!pod.spec.nodeName || pod.metadata.deletionTimestamp !== undefined) return undefined
  const times = (pod.spec.resourceClaims ?? []).flatMap((used) => {
    const of = claimNameOf(pod, used)
    const claim = typeof of === 'object' ? seen.claim(of.name) : undefined
    if (typeof of !== 'object' || !claim) return []
    if ((of.isMade && notMadeFor(pod, claim) !== undefined) || !isReservedFor(pod, claim)) return []
    const results = claim.status?.allocation?.devices?.results ?? []
    return results.flatMap((result) => taintsOf(result, seen).flatMap((taint) => leavesAt(taint, result) ?? []))
  })
  return times.length === 0 ? undefined : Math.min(...times)
}
