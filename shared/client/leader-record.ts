import type { Lease, LeaseSpec } from '../api/types/coordination-v1.ts'
import { formatMicroTime } from '../machinery/time.ts'

/** What was seen of the lease, and when, in elapsed time of this process: clocks are not trusted, others' or the machine's. */
export interface Observation {
  lease: Lease
  atMs: number
}

/** Updates the observation when the lease says something new; its age counts from then. */
export function observe(seen: Observation | undefined, lease: Lease, now: number): Observation {
  const unchanged = seen !== undefined && JSON.stringify(seen.lease.spec) === JSON.stringify(lease.spec)
  return { lease, atMs: unchanged ? seen.atMs : now }
}

/** May `identity` take or keep the lease? Another holder has it until the lease has not changed for its duration. */
// client-go tools/leaderelection/leaderelection.go tryAcquireOrRenew, isLeaseValid
export function mayHold({ lease, atMs }: Observation, identity: string, now: number): boolean {
  const { holderIdentity, leaseDurationSeconds = 0 } = lease.spec
  if (!holderIdentity || holderIdentity === identity) return true
  return atMs + leaseDurationSeconds * 1000 <= now
}

/** The lease as its holder writes it. */
export function heldSpec(old: LeaseSpec | undefined, identity: string, durationMs: number, now: number): LeaseSpec {
  const keeps = old?.holderIdentity === identity
  const transitions = old?.leaseTransitions ?? 0
  return {
    ...old,
    holderIdentity: identity,
    leaseDurationSeconds: Math.ceil(durationMs / 1000),
    acquireTime: keeps && old.acquireTime ? old.acquireTime : formatMicroTime(now),
    renewTime: formatMicroTime(now),
    leaseTransitions: old === undefined ? 0 : keeps ? transitions : transitions + 1,
  }
}

/** The lease as given back: nobody holds it, so that the next one need not wait. */
// client-go tools/leaderelection/leaderelection.go release
export function releasedSpec(old: LeaseSpec, now: number): LeaseSpec {
  const time = formatMicroTime(now)
  return { ...old, holderIdentity: '', leaseDurationSeconds: 1, renewTime: time, acquireTime: time }
}
