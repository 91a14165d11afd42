import type { PodDisruptionBudget } from '@kubets/shared/api/types/policy-v1.ts'
import { selectorOrNothing, type PodInfo } from '../cache/pod-info.ts'

/** Pods whose eviction the budgets forbid, and those that may go; both in the order given. */
interface Split {
  readonly violating: readonly PodInfo[]
  readonly others: readonly PodInfo[]
}

/** Takes the Pods off their budgets one by one. */
// pkg/scheduler/framework/plugins/defaultpreemption/default_preemption.go filterPodsWithPDBViolation
export function splitByBudgets(pods: readonly PodInfo[], budgets: readonly PodDisruptionBudget[]): Split {
  const counted = budgets.map(({ metadata, spec, status }) => ({
    namespace: metadata.namespace ?? '',
    selector: selectorOrNothing(spec?.selector),
    disrupted: status?.disruptedPods ?? {},
    left: status?.disruptionsAllowed ?? 0,
  }))
  const violating: PodInfo[] = []
  const others: PodInfo[] = []
  for (const pod of pods) {
    let violates = false
    const labelled = Object.keys(pod.labels).length > 0
    for (const budget of labelled ? counted : []) {
      const { namespace, selector, disrupted } = budget
      if (namespace !== pod.namespace || selector.empty || !selector.matches(pod.labels)) continue
      // the API server has taken it off already
      if (Object.hasOwn(disrupted, pod.pod.metadata.name ?? '')) continue
      if (--budget.left < 0) violates = true
    }
    ;(violates ? violating : others).push(pod)
  }
  return { violating, others }
}
