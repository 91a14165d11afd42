import { isPodReady, isPodTerminal, setCondition } from '@kubets/shared/api/pod.ts'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { PodDisruptionBudget, PodDisruptionBudgetStatus } from '@kubets/shared/api/types/policy-v1.ts'
import { scaledValue } from '@kubets/shared/machinery/intstr.ts'
import { formatTime, parseTime } from '@kubets/shared/machinery/time.ts'
import { selectorText } from '../selector-text.ts'

// How long an eviction that was let through may take to delete its Pod.
// pkg/controller/disruption/disruption.go DeletionTimeout
const deletionMs = 2 * 60_000

/** Pods by the sizes that their owners declare: the sum over all owners, and the Pods that have none. */
export interface Expected {
  readonly pods: number
  readonly unmanaged: readonly Pod[]
}

/** Whether the number of Pods must be learnt from their owners; an absolute minimum needs no such number. */
export const needsScale = ({ spec }: PodDisruptionBudget): boolean =>
  spec?.maxUnavailable !== undefined || typeof spec?.minAvailable === 'string'

/** How many Pods there should be, and how many of them must be healthy. */
// pkg/controller/disruption/disruption.go getExpectedPodCount
const wanted = (
  { spec = {} }: PodDisruptionBudget,
  pods: number,
  expected: number,
): [expected: number, healthy: number] => {
  const { maxUnavailable, minAvailable } = spec
  if (maxUnavailable !== undefined)
    return [expected, Math.max(0, expected - scaledValue(maxUnavailable, expected, true))]
  if (typeof minAvailable === 'string') return [expected, scaledValue(minAvailable, expected, true)]
  return minAvailable === undefined ? [0, 0] : [pods, minAvailable]
}

/** What is told of a budget that selects Pods without an owner, while it counts in shares. */
// pkg/controller/disruption/disruption.go trySync
export const unmanagedText = ({ spec }: PodDisruptionBudget): string =>
  `Pods selected by this PodDisruptionBudget (selector: ${selectorText(spec?.selector)}) were found to be unmanaged. ` +
  'As a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. ' +
  'To account for these pods please set ".spec.minAvailable" field of the PDB to an integer value.'

export interface BudgetPlan {
  readonly status: PodDisruptionBudgetStatus
  /** Pods whose eviction was let through and that nobody deleted. */
  readonly notDeleted: readonly Pod[]
  /** Milliseconds until an eviction that was let through no longer counts. */
  readonly checkAfter: number | undefined
}

/** The status for the Pods that the budget selects; `expected` is what their owners want. */
// pkg/controller/disruption/disruption.go trySync, updatePdbStatus
export const plan = (budget: PodDisruptionBudget, pods: readonly Pod[], expected: number, now: number): BudgetPlan => {
  const disrupted: Record<string, string> = {}
  const notDeleted: Pod[] = []
  let checkAfter: number | undefined
  let healthy = 0
  for (const pod of pods) {
    if (pod.metadata.deletionTimestamp !== undefined) continue
    const name = pod.metadata.name ?? ''
    const since = budget.status?.disruptedPods?.[name]
    const left = since === undefined ? 0 : parseTime(since) + deletionMs - now
    if (since !== undefined && left > 0) {
      disrupted[name] = since
      checkAfter = Math.min(checkAfter ?? left, left)
      continue
    }
    if (since !== undefined) notDeleted.push(pod)
    if (isPodReady(pod)) healthy++
  }
  const [expectedPods, desiredHealthy] = wanted(budget, pods.length, expected)
  // with no Pods expected nothing is allowed: the first ones may come before the status tells of them
  const allowed = expectedPods <= 0 ? 0 : Math.max(0, healthy - desiredHealthy)
  return {
    status: {
      ...(Object.keys(disrupted).length > 0 ? { disruptedPods: disrupted } : {}),
      disruptionsAllowed: allowed,
      currentHealthy: healthy,
      desiredHealthy,
      expectedPods,
      observedGeneration: budget.metadata.generation ?? 0,
      conditions: withAllowed(budget, allowed, undefined, now),
    },
    notDeleted,
    checkAfter,
  }
}

/** The status when the number of Pods cannot be known: nothing may be disrupted. */
// pkg/controller/disruption/disruption.go failSafe
export const failed = (budget: PodDisruptionBudget, problem: string, now: number): PodDisruptionBudgetStatus => ({
  currentHealthy: 0,
  desiredHealthy: 0,
  expectedPods: 0,
  ...budget.status,
  disruptionsAllowed: 0,
  // of the spec that was counted last: this one could not be
  conditions: withAllowed(budget, 0, problem, now, budget.status?.observedGeneration ?? 0),
})

// component-helpers/apps/poddisruptionbudget/helpers.go UpdateDisruptionAllowedCondition
const withAllowed = (
  { metadata, status }: PodDisruptionBudget,
  allowed: number,
  problem: string | undefined,
  now: number,
  observedGeneration = metadata.generation ?? 0,
): NonNullable<PodDisruptionBudgetStatus['conditions']> => {
  const reason = problem !== undefined ? 'SyncFailed' : allowed > 0 ? 'SufficientPods' : 'InsufficientPods'
  return setCondition(
    status?.conditions,
    {
      type: 'DisruptionAllowed',
      status: allowed > 0 ? 'True' : 'False',
      reason,
      message: problem ?? '',
      observedGeneration,
      lastTransitionTime: formatTime(now),
    },
    now,
  )
}

// How long a Pod may wait for the deletion that its DisruptionTarget condition announces.
// pkg/controller/disruption/disruption.go stalePodDisruptionTimeout
const staleMs = 2 * 60_000

/**
 * Milliseconds until a Pod's announced disruption has not come; undefined when none is announced, or it goes, or has ended. A
 * kubelet's word always holds: what it ends may take any time.
 */
// pkg/controller/disruption/disruption.go nonTerminatingPodHasStaleDisruptionCondition
export const staleIn = (pod: Pod, now: number): number | undefined => {
  if (pod.metadata.deletionTimestamp !== undefined || isPodTerminal(pod)) return undefined
  const target = pod.status?.conditions?.find(({ type }) => type === 'DisruptionTarget')
  if (target?.status !== 'True' || target.lastTransitionTime === undefined) return undefined
  if (target.reason === 'TerminationByKubelet') return undefined
  return Math.max(0, parseTime(target.lastTransitionTime) + staleMs - now)
}
