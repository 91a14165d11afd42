import * as field from '../../../../machinery/fieldpath.ts'
import { FieldPath, type FieldError } from '../../../../machinery/fieldpath.ts'
import { isDNS1123Subdomain } from '../../../../machinery/names.ts'
import type { MutatingAdmissionPolicyBinding } from '../../../types/admissionregistration-v1.ts'
import { checkText } from '../../checks.ts'
import { checkMutable } from '../mutatingadmissionpolicies/validation.ts'
import { checkMatchResources, checkParamRef } from '../policy-checks.ts'

const path = new FieldPath('spec')

// pkg/apis/admissionregistration/validation/validation.go validateMutatingAdmissionPolicyBindingSpec
export function validate({ spec }: MutatingAdmissionPolicyBinding): FieldError[] {
  const errors: FieldError[] = []
  if (!spec.policyName) errors.push(field.required(path.child('policyName')))
  else checkText(spec.policyName, isDNS1123Subdomain, path.child('policyName'), errors)
  if (spec.paramRef) checkParamRef(spec.paramRef, path.child('paramRef'), errors)
  if (spec.matchResources) {
    checkMatchResources(spec.matchResources, path.child('matchResources'), errors)
    checkMutable(spec.matchResources, path.child('matchResources'), errors)
  }
  return errors
}
