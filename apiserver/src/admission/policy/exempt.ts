const own = new Set([
  'validatingadmissionpolicies',
  'validatingadmissionpolicybindings',
  'mutatingadmissionpolicies',
  'mutatingadmissionpolicybindings',
])
const reviews = new Set([
  'tokenreviews',
  'selfsubjectreviews',
  'subjectaccessreviews',
  'localsubjectaccessreviews',
  'selfsubjectaccessreviews',
  'selfsubjectrulesreviews',
])

// apiserver/pkg/admission/plugin/policy/generic/plugin.go shouldIgnoreResource, pkg/kubeapiserver/admission/exclusion/resources.go
/** Policies say nothing of policies, so that a wrong one can be mended, nor of questions about rights. */
export const isExempt = (group: string, plural: string): boolean =>
  (group === 'admissionregistration.k8s.io' && own.has(plural)) ||
  ((group === 'authentication.k8s.io' || group === 'authorization.k8s.io') && reviews.has(plural))
