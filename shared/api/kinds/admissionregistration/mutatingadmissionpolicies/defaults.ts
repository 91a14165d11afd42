import type { MutatingAdmissionPolicy } from '../../../types/admissionregistration-v1.ts'
import { defaultMatchResources } from '../policy-checks.ts'

// pkg/apis/admissionregistration/v1/defaults.go SetDefaults_MutatingAdmissionPolicySpec
export function defaults(obj: MutatingAdmissionPolicy): void {
  obj.spec ??= {}
  obj.spec.failurePolicy ??= 'Fail'
  defaultMatchResources(obj.spec.matchConstraints)
}
