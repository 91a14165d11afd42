import * as field from '../../../../machinery/fieldpath.ts'
import { FieldPath, type FieldError } from '../../../../machinery/fieldpath.ts'
import { isDNS1123Subdomain } from '../../../../machinery/names.ts'
import type { ValidatingAdmissionPolicyBinding } from '../../../types/admissionregistration-v1.ts'
import { checkText } from '../../checks.ts'
import { checkMatchResources, checkParamRef } from '../policy-checks.ts'

const path = new FieldPath('spec')
const actions = ['Audit', 'Deny', 'Warn']

// pkg/apis/admissionregistration/validation/validation.go validateValidatingAdmissionPolicyBindingSpec
export function validate({ spec }: ValidatingAdmissionPolicyBinding): FieldError[] {
  const errors: FieldError[] = []
  if (!spec.policyName) errors.push(field.required(path.child('policyName')))
  else checkText(spec.policyName, isDNS1123Subdomain, path.child('policyName'), errors)
  if (spec.paramRef) checkParamRef(spec.paramRef, path.child('paramRef'), errors)
  // the field's name is misspelt upstream too
  if (spec.matchResources) checkMatchResources(spec.matchResources, path.child('matchResouces'), errors)
  checkActions(spec.validationActions ?? [], path.child('validationActions'), errors)
  return errors
}

// pkg/apis/admissionregistration/validation/validation.go validateValidationActions
function checkActions(given: readonly string[], at: FieldPath, errors: FieldError[]): void {
  const seen = new Set<string>()
  for (const [i, action] of given.entries()) {
    if (!actions.includes(action)) errors.push(field.notSupported(at.index(i), action, actions))
    if (seen.has(action)) errors.push(field.duplicate(at.index(i), action))
    seen.add(action)
  }
  if (seen.has('Deny') && seen.has('Warn')) {
    const text =
      'must not contain both Deny and Warn (repeating the same validation failure information in the API response and ' +
      'headers serves no purpose)'
    errors.push(field.invalid(at, given, text))
  }
  if (given.length === 0) errors.push(field.required(at, 'at least one validation action is required'))
}
