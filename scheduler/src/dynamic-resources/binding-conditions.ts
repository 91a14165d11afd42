import type { DeviceRequestAllocationResult, ResourceClaim } from '@kubets/shared/api/types/resource-v1.ts'
import { parseTime } from '@kubets/shared/machinery/time.ts'

const results = ({ status }: ResourceClaim): DeviceRequestAllocationResult[] =>
  status?.allocation?.devices?.results ?? []

/** Whether some of the claim's devices are prepared before a Pod is bound. */
// pkg/scheduler/framework/plugins/dynamicresources/dynamicresources.go hasBindingConditions
export const hasConditions = (claim: ResourceClaim): boolean =>
  results(claim).some(({ bindingConditions }) => bindingConditions?.length)

/**
 * Whether all devices of the claim are prepared for its Pod.
 * @throws Error when one never will be
 */
// pkg/scheduler/framework/plugins/dynamicresources/dynamicresources.go isClaimReadyForBinding
export function isPrepared(claim: ResourceClaim): boolean {
  if (!claim.status?.allocation) return false
  for (const result of results(claim)) {
    const { bindingConditions: wanted = [], bindingFailureConditions: failures = [] } = result
    if (wanted.length === 0) continue
    const { driver, pool, device, shareID } = result
    const known = claim.status.devices?.find(
      (one) => one.driver === driver && one.pool === pool && one.device === device && one.shareID === shareID,
    )
    const holding = (known?.conditions ?? []).filter(({ status }) => status === 'True')
    const failed = holding.find(({ type }) => failures.includes(type))
    if (failed) {
      const why = `reason=${failed.reason}, message=${JSON.stringify(failed.message)}`
      throw new Error(`claim ${claim.metadata.name} binding failed: ${why}`)
    }
    if (!wanted.every((type) => holding.some((condition) => condition.type === type))) return false
  }
  return true
}

/** Whether preparing the claim's devices has taken too long. */
// pkg/scheduler/framework/plugins/dynamicresources/dynamicresources.go isClaimTimeout
export function isOverdue(claim: ResourceClaim, timeoutMs: number, now: number): boolean {
  const since = claim.status?.allocation?.allocationTimestamp
  return since !== undefined && hasConditions(claim) && parseTime(since) + timeoutMs < now
}

/** Whether other devices would serve the claim's Pod better: these are not prepared, and will not be in time. */
export function isHopeless(claim: ResourceClaim, timeoutMs: number, now: number): boolean {
  if (!hasConditions(claim)) return false
  try {
    return !isPrepared(claim) && isOverdue(claim, timeoutMs, now)
  } catch {
    return true
  }
}
