import { add, amountsOf, equal, listOf, mask, zero } from '@kubets/shared/api/quota/amounts.ts'
import type { Amounts } from '@kubets/shared/api/quota/amounts.ts'
import { inScopes, scopesOf } from '@kubets/shared/api/quota/evaluator.ts'
import type { Evaluator } from '@kubets/shared/api/quota/evaluator.ts'
import type { ResourceQuota, ResourceQuotaStatus } from '@kubets/shared/api/types/core-v1.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import { quantityOf } from '@kubets/shared/machinery/quantity.ts'

/** A resource of the quota's namespace: its objects, or how many where it is but counted. */
export interface Counted {
  evaluator: Evaluator
  objects: readonly KubeObject[] | number
}

/** The names in the quota that the evaluator counts under. */
const countedNames = ({ spec }: ResourceQuota, evaluator: Evaluator): string[] =>
  Object.keys(spec.hard ?? {}).filter((name) => evaluator.counts(name))

/** Whether the quota limits anything of the resource. */
export const concerns = (quota: ResourceQuota, evaluator: Evaluator): boolean =>
  countedNames(quota, evaluator).length > 0

// staging/src/k8s.io/apiserver/pkg/quota/v1/generic/evaluator.go CalculateUsageStats
const usageOf = (quota: ResourceQuota, { evaluator, objects }: Counted, now: number): Amounts => {
  const names = countedNames(quota, evaluator)
  if (typeof objects === 'number') {
    // what is only counted is in no scope
    const count = scopesOf(quota).length === 0 ? objects : 0
    return new Map(names.map((name) => [name, quantityOf(count)]))
  }
  let used: Amounts = new Map(names.map((name) => [name, zero]))
  for (const object of objects)
    if (inScopes(quota, evaluator, object)) used = add(used, mask(evaluator.usage(object, now), names))
  return used
}

/**
 * The quota's status as it should be for these resources, or undefined when it is so already. What none of them counts
 * stays as it was.
 */
// pkg/controller/resourcequota/resource_quota_controller.go syncResourceQuota
export const planStatus = (
  quota: ResourceQuota,
  resources: readonly Counted[],
  now: number,
): ResourceQuotaStatus | undefined => {
  const { spec, status } = quota
  const hard = amountsOf(spec.hard)
  const before = amountsOf(status?.used)
  const used = new Map(before)
  const fresh = resources.reduce<Amounts>((sum, each) => add(sum, usageOf(quota, each, now)), new Map())
  for (const [name, quantity] of fresh) used.set(name, quantity)
  const shown = mask(used, hard.keys())
  const known = status?.hard !== undefined && status.used !== undefined
  if (known && equal(hard, amountsOf(status.hard)) && equal(shown, before)) return undefined
  return { hard: listOf(hard), used: listOf(shown) }
}
