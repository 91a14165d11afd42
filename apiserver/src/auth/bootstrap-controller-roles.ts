import type { PolicyRule } from '@kubets/shared/api/types/rbac-v1.ts'
import { read, rule } from './policy-rule.ts'

const events = rule('create update patch', ' events.k8s.io', 'events')

const role = (name: string, ...rules: PolicyRule[]): { name: string; rules: PolicyRule[] } => ({
  name: `system:controller:${name}`,
  rules,
})

const apps = 'apps'
const batch = 'batch'
const storage = 'storage.k8s.io'
const slices = 'discovery.k8s.io'
const certificates = 'certificates.k8s.io'
const rbac = 'rbac.authorization.k8s.io'
const dra = 'resource.k8s.io'
const podOwner = 'list watch create delete patch'
const everything = 'get list watch patch update delete'

// plugin/pkg/auth/authorizer/rbac/bootstrappolicy/controller_policy.go buildControllerRoles, as data
export const controllerRoles = [
  role(
    'attachdetach-controller',
    rule('list watch', '', 'persistentvolumes persistentvolumeclaims pods'),
    rule(read, '', 'nodes'),
    rule('patch update', '', 'nodes/status'),
    rule(`${read} create delete patch update`, storage, 'volumeattachments'),
    rule(read, storage, 'csidrivers csinodes'),
    events,
  ),
  role(
    'clusterrole-aggregation-controller',
    // it writes rules it does not hold itself
    rule('escalate get list patch update watch', rbac, 'clusterroles'),
  ),
  role(
    'cronjob-controller',
    rule(`${read} update`, batch, 'cronjobs'),
    rule(`${read} create update delete patch`, batch, 'jobs'),
    rule('update', batch, 'cronjobs/status cronjobs/finalizers'),
    rule('list delete', '', 'pods'),
    events,
  ),
  role(
    'daemon-set-controller',
    rule(read, apps, 'daemonsets'),
    rule('update', apps, 'daemonsets/status daemonsets/finalizers'),
    rule('list watch', '', 'nodes'),
    rule(podOwner, '', 'pods'),
    rule('create', '', 'pods/binding'),
    rule(`${read} create delete update patch`, apps, 'controllerrevisions'),
    events,
  ),
  role(
    'deployment-controller',
    rule(`${read} update`, apps, 'deployments'),
    rule('update', apps, 'deployments/status deployments/finalizers'),
    rule(`${read} create update patch delete`, apps, 'replicasets'),
    rule(`${read} update`, '', 'pods'),
    events,
  ),
  role(
    'disruption-controller',
    rule(read, apps, 'deployments replicasets statefulsets'),
    rule(read, '', 'replicationcontrollers'),
    rule(read, 'policy', 'poddisruptionbudgets'),
    rule('update', 'policy', 'poddisruptionbudgets/status'),
    rule(`${read}`, '', 'pods'),
    rule('patch update', '', 'pods/status'),
    rule('get', '*', '*/scale'),
    events,
  ),
  role(
    'endpoint-controller',
    rule(read, '', 'services pods'),
    rule(`${read} create update delete`, '', 'endpoints'),
    rule('create', '', 'endpoints/restricted'),
    events,
  ),
  role(
    'endpointslice-controller',
    rule(read, '', 'services pods nodes'),
    rule('update', '', 'services/finalizers'),
    rule(`${read} create update delete`, slices, 'endpointslices'),
    rule('create', slices, 'endpointslices/restricted'),
    events,
  ),
  role(
    'endpointslicemirroring-controller',
    rule(read, '', 'endpoints services'),
    rule('update', '', 'endpoints/finalizers services/finalizers'),
    rule(`${read} create update delete`, slices, 'endpointslices'),
    rule('create', slices, 'endpointslices/restricted'),
    events,
  ),
  role(
    'ephemeral-volume-controller',
    rule(read, '', 'pods'),
    rule('update', '', 'pods/finalizers'),
    rule(`${read} create`, '', 'persistentvolumeclaims'),
    events,
  ),
  role(
    'expand-controller',
    rule(`${read} update patch`, '', 'persistentvolumes persistentvolumeclaims'),
    rule('update patch', '', 'persistentvolumeclaims/status'),
    rule(read, storage, 'storageclasses'),
    events,
  ),
  role('generic-garbage-collector', rule(everything, '*', '*'), events),
  role(
    'horizontal-pod-autoscaler',
    rule(read, 'autoscaling', 'horizontalpodautoscalers'),
    rule('update', 'autoscaling', 'horizontalpodautoscalers/status'),
    rule('get update', '*', '*/scale'),
    rule('list', '', 'pods'),
    rule('list', 'metrics.k8s.io', 'pods'),
    rule('get list', 'custom.metrics.k8s.io', '*'),
    rule('get list', 'external.metrics.k8s.io', '*'),
    events,
  ),
  role(
    'job-controller',
    rule(`${read} update patch`, batch, 'jobs'),
    rule('update', batch, 'jobs/status jobs/finalizers'),
    rule(podOwner, '', 'pods'),
    rule('update patch', '', 'pods/status'),
    events,
  ),
  role(
    'namespace-controller',
    rule(`${read} delete`, '', 'namespaces'),
    rule('update', '', 'namespaces/finalize namespaces/status'),
    rule('get list delete deletecollection', '*', '*'),
  ),
  role(
    'node-controller',
    rule(`${read} update delete patch`, '', 'nodes'),
    rule('patch update', '', 'nodes/status'),
    rule('patch update', '', 'pods/status'),
    rule(`${read} delete`, '', 'pods'),
    rule('get list watch create update', 'networking.k8s.io', 'clustercidrs'),
    rule(`${read} create update patch delete`, 'coordination.k8s.io', 'leases'),
    events,
  ),
  role(
    'persistent-volume-binder',
    rule(`${read} update create delete`, '', 'persistentvolumes'),
    rule('update', '', 'persistentvolumes/status'),
    rule(`${read} update`, '', 'persistentvolumeclaims'),
    rule('update', '', 'persistentvolumeclaims/status'),
    rule(`${read} create delete`, '', 'pods'),
    rule(read, storage, 'storageclasses'),
    rule(read, '', 'nodes'),
    rule('watch', '', 'events'),
    events,
  ),
  role(
    'pod-garbage-collector',
    rule(`${read} delete`, '', 'pods'),
    rule('patch', '', 'pods/status'),
    rule(read, '', 'nodes'),
  ),
  role('pv-protection-controller', rule(`${read} update`, '', 'persistentvolumes'), events),
  role(
    'pvc-protection-controller',
    rule(`${read} update`, '', 'persistentvolumeclaims'),
    rule(read, '', 'pods'),
    events,
  ),
  role(
    'replicaset-controller',
    rule(`${read} update`, apps, 'replicasets'),
    rule('update', apps, 'replicasets/status replicasets/finalizers'),
    rule(podOwner, '', 'pods'),
    events,
  ),
  role(
    'replication-controller',
    rule(`${read} update`, '', 'replicationcontrollers'),
    rule('update', '', 'replicationcontrollers/status replicationcontrollers/finalizers'),
    rule(podOwner, '', 'pods'),
    events,
  ),
  role('resourcequota-controller', rule('list watch', '*', '*'), rule('update', '', 'resourcequotas/status'), events),
  role(
    'resource-claim-controller',
    rule(read, '', 'pods'),
    rule('update patch', '', 'pods/status pods/finalizers'),
    rule(`${read} create delete update patch`, dra, 'resourceclaims'),
    rule('update patch', dra, 'resourceclaims/status'),
    rule(read, dra, 'resourceclaimtemplates'),
    events,
  ),
  role('root-ca-cert-publisher', rule('create update', '', 'configmaps'), rule(read, '', 'namespaces')),
  role('route-controller', rule('list watch', '', 'nodes'), rule('patch', '', 'nodes/status'), events),
  role('service-account-controller', rule('create', '', 'serviceaccounts'), events),
  role('service-cidrs-controller', rule(`${read} patch update`, 'networking.k8s.io', 'servicecidrs'), events),
  role(
    'service-controller',
    rule(read, '', 'services'),
    rule('patch update', '', 'services/status'),
    rule('list watch', '', 'nodes'),
    events,
  ),
  role(
    'statefulset-controller',
    rule('list watch', '', 'pods'),
    rule(read, apps, 'statefulsets'),
    rule('update', apps, 'statefulsets/status statefulsets/finalizers'),
    rule('get create delete update patch', '', 'pods'),
    rule(`${read} create delete update patch`, apps, 'controllerrevisions'),
    rule('get create update', '', 'persistentvolumeclaims'),
    events,
  ),
  role(
    'taint-eviction-controller',
    rule(read, '', 'nodes'),
    rule(`${read} delete`, '', 'pods'),
    rule('patch', '', 'pods/status'),
    events,
  ),
  role('ttl-after-finished-controller', rule(`${read} delete`, batch, 'jobs'), events),
  role('ttl-controller', rule('update patch list watch', '', 'nodes'), events),
  role(
    'certificate-controller',
    rule(`${read} delete`, certificates, 'certificatesigningrequests'),
    rule('update', certificates, 'certificatesigningrequests/status certificatesigningrequests/approval'),
    rule(
      'approve sign',
      certificates,
      'signers',
      'kubernetes.io/kube-apiserver-client',
      'kubernetes.io/kube-apiserver-client-kubelet',
      'kubernetes.io/kubelet-serving',
      'kubernetes.io/legacy-unknown',
    ),
    rule('create', 'authorization.k8s.io', 'subjectaccessreviews'),
    events,
  ),
  role(
    'validatingadmissionpolicy-status-controller',
    rule(read, 'admissionregistration.k8s.io', 'validatingadmissionpolicies'),
    rule('get patch update', 'admissionregistration.k8s.io', 'validatingadmissionpolicies/status'),
    events,
  ),
]

// plugin/pkg/auth/authorizer/rbac/bootstrappolicy/namespace_policy.go
/** Roles in kube-system that let programs read their authentication settings. */
export const authenticationReader = {
  namespace: 'kube-system',
  name: 'extension-apiserver-authentication-reader',
  rules: [rule(read, '', 'configmaps', 'extension-apiserver-authentication')],
  users: ['system:kube-controller-manager', 'system:kube-scheduler'],
}
