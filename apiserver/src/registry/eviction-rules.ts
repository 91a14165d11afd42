import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { PodDisruptionBudget } from '@kubets/shared/api/types/policy-v1.ts'
import { forbidden, StatusError, tooManyRequests } from '@kubets/shared/machinery/errors.ts'
import { formatTime } from '@kubets/shared/machinery/time.ts'

/** Pods that are over, not begun or already going may be evicted without asking a budget. */
// pkg/registry/core/pod/storage/eviction.go canIgnorePDB
export function needsNoBudget({ status, metadata }: Pod): boolean {
  const phase = status?.phase ?? ''
  return phase === 'Succeeded' || phase === 'Failed' || phase === 'Pending' || metadata.deletionTimestamp !== undefined
}

const isReady = (pod: Pod): boolean =>
  pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false

/**
 * undefined: a Pod that is not Ready may go whatever the budget has left. Else what the budget's status becomes with this
 * eviction counted. Throws 429, or 403, when the budget forbids it.
 */
// pkg/registry/core/pod/storage/eviction.go shouldEnforceResourceVersion, checkAndDecrement
export function spendBudget(budget: PodDisruptionBudget, pod: Pod, now: number): PodDisruptionBudget | undefined {
  const name = budget.metadata.name ?? ''
  const status: Partial<NonNullable<PodDisruptionBudget['status']>> = budget.status ?? {}
  const { disruptionsAllowed = 0, desiredHealthy = 0, currentHealthy = 0, disruptedPods = {} } = status
  if (!isReady(pod)) {
    if (budget.spec.unhealthyPodEvictionPolicy === 'AlwaysAllow') return undefined
    if (currentHealthy >= desiredHealthy && desiredHealthy > 0) return undefined
  }
  if ((status.observedGeneration ?? 0) < (budget.metadata.generation ?? 0))
    throw refused(`The disruption budget ${name} is still being processed by the server.`, 10)
  const gr = { group: 'policy', plural: 'poddisruptionbudget' }
  if (disruptionsAllowed < 0) throw forbidden(gr, name, 'pdb disruptions allowed is negative')
  if (Object.keys(disruptedPods).length > 2000)
    throw forbidden(gr, name, 'DisruptedPods map too big - too many evictions not confirmed by PDB controller')
  if (disruptionsAllowed === 0)
    throw refused(
      `The disruption budget ${name} needs ${String(desiredHealthy)} healthy pods and has ${String(currentHealthy)} currently`,
      0,
    )
  return {
    ...budget,
    status: {
      ...status,
      disruptionsAllowed: disruptionsAllowed - 1,
      disruptedPods: { ...disruptedPods, [pod.metadata.name ?? '']: formatTime(now) },
    } as NonNullable<PodDisruptionBudget['status']>,
  }
}

// pkg/registry/core/pod/storage/eviction.go createTooManyRequestsError
function refused(message: string, retryAfterSeconds: number): StatusError {
  const error = tooManyRequests("Cannot evict pod as it would violate the pod's disruption budget.", retryAfterSeconds)
  const details = { ...error.status.details, causes: [{ reason: 'DisruptionBudget', message }] }
  return new StatusError({ ...error.status, details })
}
