import type { PodDisruptionBudget } from '@kubets/shared/api/types/policy-v1.ts'
import type { Selector } from '@kubets/shared/machinery/selector.ts'
import { selectorOrNothing, type PodInfo } from '../cache/pod-info.ts'

/** Pods whose eviction the budgets forbid, and those that may go; both in the order given. */
interface Split {
  readonly violating: readonly PodInfo[]
  readonly others: readonly PodInfo[]
}

/** A budget with its selector worked out: it is looked at for every node that is tried. */
export interface Budget {
  readonly namespace: string
  readonly selector: Selector
  readonly disrupted: Readonly<Record<string, unknown>>
  readonly allowed: number
}

/** Works budgets out; those that select nothing are left out. */
export function budgetsOf(budgets: readonly PodDisruptionBudget[]): Budget[] {
  const all = budgets.map(({ metadata, spec, status }) => ({
    namespace: metadata.namespace ?? '',
    selector: selectorOrNothing(spec?.selector),
    disrupted: status?.disruptedPods ?? {},
    allowed: status?.disruptionsAllowed ?? 0,
  }))
  return all.filter(({ selector }) => !selector.empty)
}

/** Takes the Pods off their budgets one by one. */
// pkg/scheduler/framework/plugins/defaultpreemption/default_preemption.go filterPodsWithPDBViolation
export function splitByBudgets(pods: readonly PodInfo[], budgets: readonly Budget[]): Split {
  if (budgets.length === 0) return { violating: [], others: pods }
  const left = budgets.map(({ allowed }) => allowed)
  const violating: PodInfo[] = []
  const others: PodInfo[] = []
  for (const pod of pods) {
    let violates = false
    for (let i = 0; i < budgets.length; i++) {
      if (!protects(budgets[i], pod)) continue
      const rest = (left[i] ?? 0) - 1
      left[i] = rest
      if (rest < 0) violates = true
    }
    ;(violates ? violating : others).push(pod)
  }
  return { violating, others }
}

function protects(budget: Budget | undefined, { namespace, labels, pod }: PodInfo): boolean {
  if (budget?.namespace !== namespace || !budget.selector.matches(labels)) return false
  // a Pod without labels is nobody's; one that is named the API server has taken off already
  return Object.keys(labels).length > 0 && !Object.hasOwn(budget.disrupted, pod.metadata.name ?? '')
}
