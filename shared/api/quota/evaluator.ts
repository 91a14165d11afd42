import type { KubeObject } from '../../machinery/object.ts'
import type { ResourceQuota, ScopedResourceSelectorRequirement } from '../types/core-v1.ts'
import { one, type Amounts } from './amounts.ts'

/** A write as far as it matters to quotas. */
export interface QuotaWrite {
  operation: 'CREATE' | 'UPDATE' | 'DELETE'
  subresource: string
  object: KubeObject
  /** As stored; absent on create. */
  old?: KubeObject
}

/** What quotas count of one resource. */
// staging/src/k8s.io/apiserver/pkg/quota/v1/interfaces.go Evaluator
export interface Evaluator {
  /** Whether the write can change what is used. */
  handles(write: QuotaWrite): boolean
  /** Whether objects of this resource are counted under the name. */
  counts(name: string): boolean
  /** Whether the object is within the scope. */
  matchesScope(scope: ScopedResourceSelectorRequirement, object: KubeObject): boolean
  /** What the object lacks to be counted under these names, as a refusal words it. */
  lacks(names: readonly string[], object: KubeObject): string | undefined
  /** What one object uses, under all names it is counted by. */
  usage(object: KubeObject, now: number): Amounts
}

/** The name by which a quota limits how many objects of a resource there are. */
// quota/v1/generic/evaluator.go ObjectCountQuotaResourceNameFor
export const countName = (group: string, plural: string): string => `count/${plural}${group ? `.${group}` : ''}`

/** Counts objects, whatever is in them; `alias` is an older name for the same. */
// quota/v1/generic/evaluator.go NewObjectCountEvaluator
export const objectCount = (group: string, plural: string, alias?: string): Evaluator => {
  const names = alias === undefined ? [countName(group, plural)] : [countName(group, plural), alias]
  return {
    handles: ({ operation, subresource }) => operation === 'CREATE' && subresource === '',
    counts: (name) => names.includes(name),
    matchesScope: () => false,
    lacks: () => undefined,
    usage: () => new Map(names.map((name) => [name, one])),
  }
}

/** All scopes of a quota as requirements. */
// quota/v1/generic/evaluator.go getScopeSelectorsFromQuota
export const scopesOf = ({ spec }: ResourceQuota): ScopedResourceSelectorRequirement[] => [
  ...(spec.scopes ?? []).map((scopeName) => ({ scopeName, operator: 'Exists' })),
  ...(spec.scopeSelector?.matchExpressions ?? []),
]

/** Whether the object is within all scopes of the quota; a quota without any takes all. */
export const inScopes = (quota: ResourceQuota, evaluator: Evaluator, object: KubeObject): boolean =>
  scopesOf(quota).every((scope) => evaluator.matchesScope(scope, object))
