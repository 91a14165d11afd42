import type { ClusterRole, PolicyRule } from '@kubets/shared/api/types/rbac-v1.ts'
import { deepEqual } from '@kubets/shared/machinery/deep.ts'
import { labelSelectorFromObject } from '@kubets/shared/machinery/selector.ts'

/** The rules that a role gathers from the roles it selects; undefined when it gathers none, or has them. */
// pkg/controller/clusterroleaggregation/clusterroleaggregation_controller.go syncClusterRole
export function plan(role: ClusterRole, all: readonly ClusterRole[]): PolicyRule[] | undefined {
  if (role.aggregationRule === undefined) return undefined
  const rules: PolicyRule[] = []
  const others = all
    .filter(({ metadata }) => metadata.name !== role.metadata.name)
    .sort((a, b) => ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1))
  for (const selector of role.aggregationRule.clusterRoleSelectors ?? []) {
    const selected = labelSelectorFromObject(selector)
    for (const other of others) {
      if (!selected.matches(other.metadata.labels ?? {})) continue
      for (const rule of other.rules ?? []) if (!rules.some((one) => deepEqual(one, rule))) rules.push(rule)
    }
  }
  return deepEqual(rules, role.rules ?? []) ? undefined : rules
}
