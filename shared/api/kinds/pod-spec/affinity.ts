import { forbidden, invalid, required, type FieldError, type FieldPath } from '../../../machinery/fieldpath.ts'
import { isDNS1123Label, isDNS1123Subdomain, isQualifiedName } from '../../../machinery/names.ts'
import type {
  Affinity,
  NodeSelector,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodAffinity,
  PodAffinityTerm,
} from '../../types/core-v1.ts'
import { checkLabelSelector, checkText } from '../checks.ts'
import { checkLabelKeys } from './label-keys.ts'

// pkg/apis/core/validation/validation.go validateAffinity
export function checkAffinity(affinity: Affinity | undefined, path: FieldPath, errors: FieldError[]): void {
  if (!affinity) return
  const { nodeAffinity } = affinity
  const nodePath = path.child('nodeAffinity')
  if (nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution) {
    const at = nodePath.child('requiredDuringSchedulingIgnoredDuringExecution')
    checkNodeSelector(nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution, at, errors)
  }
  for (const [i, term] of (nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).entries()) {
    const at = nodePath.child('preferredDuringSchedulingIgnoredDuringExecution').index(i)
    checkWeight(term.weight, at, errors)
    checkTerm(term.preference ?? {}, at.child('preference'), errors)
  }
  if (affinity.podAffinity) checkPodAffinity(affinity.podAffinity, path.child('podAffinity'), errors)
  if (affinity.podAntiAffinity) checkPodAffinity(affinity.podAntiAffinity, path.child('podAntiAffinity'), errors)
}

// pkg/apis/core/validation/validation.go ValidateNodeSelector
export function checkNodeSelector(selector: NodeSelector, path: FieldPath, errors: FieldError[]): void {
  const at = path.child('nodeSelectorTerms')
  const terms = selector.nodeSelectorTerms ?? []
  if (terms.length === 0) errors.push(required(at, 'must have at least one node selector term'))
  for (const [i, term] of terms.entries()) checkTerm(term, at.index(i), errors)
}

function checkTerm(term: NodeSelectorTerm, path: FieldPath, errors: FieldError[]): void {
  for (const [i, requirement] of (term.matchExpressions ?? []).entries())
    checkExpression(requirement, path.child('matchExpressions').index(i), errors)
  for (const [i, requirement] of (term.matchFields ?? []).entries())
    checkField(requirement, path.child('matchFields').index(i), errors)
}

// pkg/apis/core/validation/validation.go ValidateNodeSelectorRequirement
function checkExpression(requirement: NodeSelectorRequirement, path: FieldPath, errors: FieldError[]): void {
  const values = requirement.values ?? []
  const at = path.child('values')
  switch (requirement.operator) {
    case 'In':
    case 'NotIn':
      if (values.length === 0) errors.push(required(at, "must be specified when `operator` is 'In' or 'NotIn'"))
      break
    case 'Exists':
    case 'DoesNotExist':
      if (values.length > 0)
        errors.push(forbidden(at, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"))
      break
    case 'Gt':
    case 'Lt':
      if (values.length !== 1)
        errors.push(required(at, "must be specified single value when `operator` is 'Lt' or 'Gt'"))
      break
    default:
      errors.push(invalid(path.child('operator'), requirement.operator, 'not a valid selector operator'))
  }
  checkText(requirement.key, isQualifiedName, path.child('key'), errors)
}

// pkg/apis/core/validation/validation.go ValidateNodeFieldSelectorRequirement
function checkField({ operator, key, values = [] }: NodeSelectorRequirement, path: FieldPath, errors: FieldError[]) {
  if (operator !== 'In' && operator !== 'NotIn')
    errors.push(invalid(path.child('operator'), operator, 'not a valid selector operator'))
  else if (values.length !== 1) {
    const detail = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"
    errors.push(required(path.child('values'), detail))
  }
  if (key !== 'metadata.name') errors.push(invalid(path.child('key'), key, 'not a valid field selector key'))
  else
    for (const [i, value] of values.entries())
      checkText(value, isDNS1123Subdomain, path.child('values').index(i), errors)
}

function checkWeight(weight: number, path: FieldPath, errors: FieldError[]): void {
  if (!(weight > 0 && weight <= 100))
    errors.push(invalid(path.child('weight'), weight ?? 0, 'must be in the range 1-100'))
}

function checkPodAffinity(affinity: PodAffinity, path: FieldPath, errors: FieldError[]): void {
  for (const [i, term] of (affinity.requiredDuringSchedulingIgnoredDuringExecution ?? []).entries())
    checkPodTerm(term, path.child('requiredDuringSchedulingIgnoredDuringExecution').index(i), errors)
  for (const [i, term] of (affinity.preferredDuringSchedulingIgnoredDuringExecution ?? []).entries()) {
    const at = path.child('preferredDuringSchedulingIgnoredDuringExecution').index(i)
    checkWeight(term.weight, at, errors)
    checkPodTerm(term.podAffinityTerm, at.child('podAffinityTerm'), errors)
  }
}

// pkg/apis/core/validation/validation.go validatePodAffinityTerm
function checkPodTerm(term: PodAffinityTerm, path: FieldPath, errors: FieldError[]): void {
  checkLabelSelector(term.labelSelector, path.child('labelSelector'), errors)
  checkLabelSelector(term.namespaceSelector, path.child('namespaceSelector'), errors)
  for (const name of term.namespaces ?? []) checkText(name, isDNS1123Label, path.child('namespace'), errors)
  checkLabelKeys(term, path, errors)
  if (!term.topologyKey) errors.push(required(path.child('topologyKey'), 'can not be empty'))
  checkText(term.topologyKey ?? '', isQualifiedName, path.child('topologyKey'), errors)
}
