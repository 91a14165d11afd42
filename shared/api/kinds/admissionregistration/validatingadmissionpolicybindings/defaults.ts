import type { ValidatingAdmissionPolicyBinding } from '../../../types/admissionregistration-v1.ts'
import { defaultMatchResources } from '../policy-checks.ts'

// pkg/apis/admissionregistration/v1/zz_generated.defaults.go SetObjectDefaults_ValidatingAdmissionPolicyBinding
export function defaults(obj: ValidatingAdmissionPolicyBinding): void {
  obj.spec ??= {}
  defaultMatchResources(obj.spec.matchResources)
}
