/** Go packages whose facts are kept, by the short name their files carry. */
export const packages: readonly { short: string; path: string; group: string }[] = [
  { short: 'meta/v1', path: 'k8s.io/apimachinery/pkg/apis/meta/v1', group: 'meta.k8s.io' },
  { short: 'core/v1', path: 'k8s.io/api/core/v1', group: '' },
  { short: 'apps/v1', path: 'k8s.io/api/apps/v1', group: 'apps' },
  { short: 'batch/v1', path: 'k8s.io/api/batch/v1', group: 'batch' },
  { short: 'autoscaling/v1', path: 'k8s.io/api/autoscaling/v1', group: 'autoscaling' },
  { short: 'autoscaling/v2', path: 'k8s.io/api/autoscaling/v2', group: 'autoscaling' },
  { short: 'policy/v1', path: 'k8s.io/api/policy/v1', group: 'policy' },
  { short: 'networking/v1', path: 'k8s.io/api/networking/v1', group: 'networking.k8s.io' },
  { short: 'rbac/v1', path: 'k8s.io/api/rbac/v1', group: 'rbac.authorization.k8s.io' },
  { short: 'storage/v1', path: 'k8s.io/api/storage/v1', group: 'storage.k8s.io' },
  { short: 'discovery/v1', path: 'k8s.io/api/discovery/v1', group: 'discovery.k8s.io' },
  { short: 'coordination/v1', path: 'k8s.io/api/coordination/v1', group: 'coordination.k8s.io' },
  { short: 'events/v1', path: 'k8s.io/api/events/v1', group: 'events.k8s.io' },
  { short: 'scheduling/v1', path: 'k8s.io/api/scheduling/v1', group: 'scheduling.k8s.io' },
  { short: 'node/v1', path: 'k8s.io/api/node/v1', group: 'node.k8s.io' },
  { short: 'certificates/v1', path: 'k8s.io/api/certificates/v1', group: 'certificates.k8s.io' },
  {
    short: 'admissionregistration/v1',
    path: 'k8s.io/api/admissionregistration/v1',
    group: 'admissionregistration.k8s.io',
  },
  { short: 'admission/v1', path: 'k8s.io/api/admission/v1', group: 'admission.k8s.io' },
  { short: 'authentication/v1', path: 'k8s.io/api/authentication/v1', group: 'authentication.k8s.io' },
  { short: 'authorization/v1', path: 'k8s.io/api/authorization/v1', group: 'authorization.k8s.io' },
  { short: 'flowcontrol/v1', path: 'k8s.io/api/flowcontrol/v1', group: 'flowcontrol.apiserver.k8s.io' },
  { short: 'resource/v1', path: 'k8s.io/api/resource/v1', group: 'resource.k8s.io' },
  {
    short: 'storagemigration/v1beta1',
    path: 'k8s.io/api/storagemigration/v1beta1',
    group: 'storagemigration.k8s.io',
  },
  { short: 'apidiscovery/v2', path: 'k8s.io/api/apidiscovery/v2', group: 'apidiscovery.k8s.io' },
  {
    short: 'apiextensions/v1',
    path: 'k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1',
    group: 'apiextensions.k8s.io',
  },
]

/**
 * Versions that are served only when asked for (`--runtime-config`): their facts are kept, but nobody here speaks them, so
 * no types or client constants are made.
 */
export const oldPackages: readonly { short: string; path: string; group: string }[] = [
  {
    short: 'admissionregistration/v1beta1',
    path: 'k8s.io/api/admissionregistration/v1beta1',
    group: 'admissionregistration.k8s.io',
  },
  { short: 'batch/v1beta1', path: 'k8s.io/api/batch/v1beta1', group: 'batch' },
  { short: 'coordination/v1beta1', path: 'k8s.io/api/coordination/v1beta1', group: 'coordination.k8s.io' },
  { short: 'discovery/v1beta1', path: 'k8s.io/api/discovery/v1beta1', group: 'discovery.k8s.io' },
  { short: 'events/v1beta1', path: 'k8s.io/api/events/v1beta1', group: 'events.k8s.io' },
  { short: 'networking/v1beta1', path: 'k8s.io/api/networking/v1beta1', group: 'networking.k8s.io' },
  { short: 'node/v1beta1', path: 'k8s.io/api/node/v1beta1', group: 'node.k8s.io' },
  { short: 'policy/v1beta1', path: 'k8s.io/api/policy/v1beta1', group: 'policy' },
  { short: 'rbac/v1beta1', path: 'k8s.io/api/rbac/v1beta1', group: 'rbac.authorization.k8s.io' },
  { short: 'storage/v1beta1', path: 'k8s.io/api/storage/v1beta1', group: 'storage.k8s.io' },
]

/**
 * Short names whose facts are written by hand: no Debian package carries k8s.io/kube-aggregator. Those of
 * autoscaling/v2beta2, gone from upstream's sources, are v2's without tolerance.
 */
export const handWritten: readonly string[] = ['apiregistration/v1']
