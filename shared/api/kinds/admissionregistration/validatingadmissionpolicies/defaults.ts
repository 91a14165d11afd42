import type { ValidatingAdmissionPolicy } from '../../../types/admissionregistration-v1.ts'
import { defaultMatchResources } from '../policy-checks.ts'

// pkg/apis/admissionregistration/v1/defaults.go SetDefaults_ValidatingAdmissionPolicySpec
export function defaults(obj: ValidatingAdmissionPolicy): void {
  obj.spec ??= {}
  obj.spec.failurePolicy ??= 'Fail'
  defaultMatchResources(obj.spec.matchConstraints)
}
