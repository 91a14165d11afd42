import { forbidden, invalid, type FieldError, type FieldPath } from '../../../machinery/fieldpath.ts'
import type { LabelSelector } from '../../../machinery/meta-v1.gen.ts'
import { isQualifiedName } from '../../../machinery/names.ts'
import type { Affinity, Pod, PodAffinityTerm } from '../../types/core-v1.ts'
import { checkText } from '../checks.ts'

// Keys of labels whose values the Pod itself gives: a new Pod's selectors are narrowed to (or away from) these values.

interface Narrowed {
  labelSelector?: LabelSelector
  matchLabelKeys?: string[]
  mismatchLabelKeys?: string[]
}

/** Adds to the selectors of a new Pod what their keys mean for it, in place. */
// pkg/registry/core/pod/strategy.go mutatePodAffinity, mutateTopologySpreadConstraints
export function applyLabelKeys({ metadata, spec }: Pod): void {
  const labels = metadata.labels ?? {}
  for (const term of affinityTerms(spec.affinity ?? {})) apply(term, labels)
  for (const constraint of spec.topologySpreadConstraints ?? []) apply(constraint, labels)
}

function* affinityTerms({ podAffinity, podAntiAffinity }: Affinity): Generator<PodAffinityTerm> {
  for (const affinity of [podAffinity, podAntiAffinity]) {
    for (const { podAffinityTerm } of affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [])
      if (podAffinityTerm) yield podAffinityTerm
    yield* affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []
  }
}

function apply(term: Narrowed, labels: Record<string, string>): void {
  const { labelSelector, matchLabelKeys = [], mismatchLabelKeys = [] } = term
  // no selector selects nothing, which nothing can narrow
  if (!labelSelector) return
  const expressions = (keys: readonly string[], operator: string) =>
    keys.filter((key) => Object.hasOwn(labels, key)).map((key) => ({ key, operator, values: [labels[key] ?? ''] }))
  const added = [...expressions(matchLabelKeys, 'In'), ...expressions(mismatchLabelKeys, 'NotIn')]
  if (added.length > 0) labelSelector.matchExpressions = [...(labelSelector.matchExpressions ?? []), ...added]
}

/** Adds what is wrong with the keys, of an object whose selector has been narrowed by them if it is a Pod. */
// pkg/apis/core/validation/validation.go ValidateMatchLabelKeysAndMismatchLabelKeys
export function checkLabelKeys(term: Narrowed, path: FieldPath, errors: FieldError[]): void {
  const { labelSelector, matchLabelKeys = [], mismatchLabelKeys = [] } = term
  for (const field of ['matchLabelKeys', 'mismatchLabelKeys'] as const) {
    const keys = term[field] ?? []
    const at = path.child(field)
    if (keys.length > 0 && !labelSelector)
      errors.push(forbidden(at, 'must not be specified when labelSelector is not set'))
    else for (const [i, key] of keys.entries()) checkText(key, isQualifiedName, at.index(i), errors)
  }
  const places = new Map(matchLabelKeys.map((key, i) => [key, i]))
  const selected = new Set(Object.keys(labelSelector?.matchLabels ?? {}))
  for (const { key } of labelSelector?.matchExpressions ?? []) {
    const place = places.get(key)
    if (place !== undefined && selected.has(key))
      errors.push(invalid(path.index(place), key, 'exists in both matchLabelKeys and labelSelector'))
    selected.add(key)
  }
  const mismatched = new Set(mismatchLabelKeys)
  for (const [i, key] of matchLabelKeys.entries())
    if (mismatched.has(key)) {
      const at = path.child('matchLabelKeys').index(i)
      errors.push(invalid(at, key, 'exists in both matchLabelKeys and mismatchLabelKeys'))
    }
}
