import type { KubeObject } from '../../../machinery/object.ts'
import type { PodDisruptionBudget } from '../../types/policy-v1.ts'

const label = 'pdb.kubernetes.io/deprecated-v1beta1-empty-selector-match'
type Selector = NonNullable<NonNullable<PodDisruptionBudget['spec']>['selector']>

const isEmpty = ({ matchLabels, matchExpressions }: Selector): boolean =>
  Object.keys(matchLabels ?? {}).length + (matchExpressions ?? []).length === 0

const only = ({ matchLabels, matchExpressions = [] }: Selector, operator: string): boolean =>
  Object.keys(matchLabels ?? {}).length === 0 &&
  matchExpressions.length === 1 &&
  matchExpressions[0]?.key === label &&
  matchExpressions[0].operator === operator

/** The same selector for the other version: an empty one selects nothing in v1beta1 and everything in v1. */
// pkg/apis/policy/v1beta1/conversion.go
function converted(selector: Selector, emptyMeans: string, otherwise: string): Selector {
  if (isEmpty(selector)) return { matchExpressions: [{ key: label, operator: emptyMeans }] }
  if (only(selector, otherwise)) return {}
  return selector
}

function withSelector(obj: KubeObject, change: (selector: Selector) => Selector): KubeObject {
  const { spec } = obj as PodDisruptionBudget
  if (!spec?.selector) return obj
  return { ...obj, spec: { ...spec, selector: change(spec.selector) } } as KubeObject
}

export const budgetToV1 = (obj: KubeObject): KubeObject =>
  withSelector(obj, (selector) => converted(selector, 'Exists', 'DoesNotExist'))

export const budgetFromV1 = (obj: KubeObject): KubeObject =>
  withSelector(obj, (selector) => converted(selector, 'DoesNotExist', 'Exists'))
