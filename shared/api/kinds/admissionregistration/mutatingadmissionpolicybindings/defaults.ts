import type { MutatingAdmissionPolicyBinding } from '../../../types/admissionregistration-v1.ts'
import { defaultMatchResources } from '../policy-checks.ts'

// pkg/apis/admissionregistration/v1/zz_generated.defaults.go SetObjectDefaults_MutatingAdmissionPolicyBinding
export function defaults(obj: MutatingAdmissionPolicyBinding): void {
  obj.spec ??= {}
  defaultMatchResources(obj.spec.matchResources)
}
