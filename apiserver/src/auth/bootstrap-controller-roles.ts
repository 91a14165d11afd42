import type { PolicyRule } from '@kubets/shared/api/types/rbac-v1.ts'
import { read, rule } from './policy-rule.ts'

const events = rule('create update patch', ' events.k8s.io', 'events')

const role = (name: string, ...rules: PolicyRule[]): { name: string; rules: PolicyRule[] } => ({
  name: `system:controller:${name}`,
  rules,
})

const apps = 'apps'
// objects of these kinds were once asked for under the older group too
const appsAndExtensions = 'apps extensions'
const batch = 'batch'
const storage = 'storage.k8s.io'
const slices = 'discovery.k8s.io'
const certificates = 'certificates.k8s.io'
const rbac = 'rbac.authorization.k8s.io'
const networking = 'networking.k8s.io'
const admission = 'admissionregistration.k8s.io'
const dra = 'resource.k8s.io'
const podOwner = 'list watch create delete patch'
const everything = 'get list watch patch update delete'
const signer = (name: string): string => `kubernetes.io/${name}`

// plugin/pkg/auth/authorizer/rbac/bootstrappolicy/controller_policy.go buildControllerRoles, as data
export const controllerRoles = [
  role(
    'attachdetach-controller',
    rule('list watch', '', 'persistentvolumes persistentvolumeclaims'),
    rule(read, '', 'nodes'),
    rule('patch update', '', 'nodes/status'),
    rule('list watch', '', 'pods'),
    events,
    rule(`${read} create delete`, storage, 'volumeattachments'),
    rule(read, storage, 'csidrivers'),
    rule(read, storage, 'csinodes'),
  ),
  role(
    'certificate-controller',
    rule(`${read} delete`, certificates, 'certificatesigningrequests'),
    rule('update', certificates, 'certificatesigningrequests/status certificatesigningrequests/approval'),
    rule('approve', certificates, 'signers', signer('kube-apiserver-client-kubelet')),
    rule(
      'sign',
      certificates,
      'signers',
      signer('kube-apiserver-client'),
      signer('kube-apiserver-client-kubelet'),
      signer('kubelet-serving'),
      signer('legacy-unknown'),
    ),
    rule('create', 'authorization.k8s.io', 'subjectaccessreviews'),
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
    rule('update', batch, 'cronjobs/status'),
    rule('update', batch, 'cronjobs/finalizers'),
    rule('list watch delete', '', 'pods'),
    events,
  ),
  role(
    'daemon-set-controller',
    rule(read, appsAndExtensions, 'daemonsets'),
    rule('update', appsAndExtensions, 'daemonsets/status'),
    rule('update', appsAndExtensions, 'daemonsets/finalizers'),
    rule('list watch', '', 'nodes'),
    rule(podOwner, '', 'pods'),
    rule('create', '', 'pods/binding'),
    rule(`${read} create delete update patch`, apps, 'controllerrevisions'),
    events,
  ),
  role(
    'deployment-controller',
    rule(`${read} update`, appsAndExtensions, 'deployments'),
    rule('update', appsAndExtensions, 'deployments/status'),
    rule('update', appsAndExtensions, 'deployments/finalizers'),
    rule(`${read} create update patch delete`, appsAndExtensions, 'replicasets'),
    rule(`${read} update`, '', 'pods'),
    events,
  ),
  role(
    'device-taint-eviction-controller',
    rule(`${read} delete`, '', 'pods'),
    rule('patch update', '', 'pods/status'),
    rule(read, dra, 'resourceclaims'),
    rule(read, dra, 'resourceslices'),
    rule(read, dra, 'deviceclasses'),
    events,
    rule('patch update', dra, 'devicetaintrules/status'),
    rule(read, dra, 'devicetaintrules'),
  ),
  role(
    'disruption-controller',
    rule(read, appsAndExtensions, 'deployments'),
    rule(read, appsAndExtensions, 'replicasets'),
    rule(read, '', 'replicationcontrollers'),
    rule(read, 'policy', 'poddisruptionbudgets'),
    rule(read, apps, 'statefulsets'),
    rule('update', 'policy', 'poddisruptionbudgets/status'),
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
    rule('update', '', 'services/finalizers'),
    rule('update', '', 'endpoints/finalizers'),
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
    rule(`${read} update patch`, '', 'persistentvolumes'),
    rule('update patch', '', 'persistentvolumeclaims/status'),
    rule(read, '', 'persistentvolumeclaims'),
    events,
  ),
  role('generic-garbage-collector', rule(everything, '*', '*'), events),
  role(
    'horizontal-pod-autoscaler',
    rule(read, 'autoscaling', 'horizontalpodautoscalers'),
    rule('update', 'autoscaling', 'horizontalpodautoscalers/status'),
    rule('get update', '*', '*/scale'),
    rule('list watch', '', 'pods'),
    rule('list watch', 'metrics.k8s.io', 'pods'),
    rule(read, 'custom.metrics.k8s.io', '*'),
    rule(read, 'external.metrics.k8s.io', '*'),
    events,
  ),
  role(
    'job-controller',
    rule(`${read} update patch`, batch, 'jobs'),
    rule('update', batch, 'jobs/status'),
    rule('update', batch, 'jobs/finalizers'),
    rule(podOwner, '', 'pods'),
    events,
  ),
  role(
    'kube-apiserver-serving-clustertrustbundle-publisher',
    rule('attest', certificates, 'signers', signer('kube-apiserver-serving')),
    rule('create update delete list watch', certificates, 'clustertrustbundles'),
    events,
  ),
  role(
    'legacy-service-account-token-cleaner',
    rule('get', '', 'configmaps', 'kube-apiserver-legacy-service-account-token-tracking'),
    rule('delete patch', '', 'secrets'),
  ),
  role(
    'namespace-controller',
    rule(`${read} delete`, '', 'namespaces'),
    rule('update', '', 'namespaces/finalize namespaces/status'),
    rule(`${read} delete deletecollection`, '*', '*'),
  ),
  role(
    'node-controller',
    rule(`${read} update delete patch`, '', 'nodes'),
    rule('patch update', '', 'nodes/status'),
    rule('patch update', '', 'pods/status'),
    rule(`${read} delete`, '', 'pods'),
    rule(read, 'coordination.k8s.io', 'leases'),
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
    rule('list watch', '', 'nodes'),
    events,
    rule('watch', '', 'events'),
  ),
  role(
    // not upstream's: there it is an add-on with a role of its own (rancher/local-path-provisioner deploy/local-path-storage.yaml)
    'local-path-provisioner',
    rule(`${read} create delete`, '', 'persistentvolumes'),
    rule(`${read} update`, '', 'persistentvolumeclaims'),
    rule(`${read} create delete`, '', 'pods'),
    rule(read, '', 'nodes'),
    rule(`${read} create`, storage, 'storageclasses'),
    events,
  ),
  role(
    'pod-garbage-collector',
    rule('list watch delete', '', 'pods'),
    rule(read, '', 'nodes'),
    rule('patch', '', 'pods/status'),
  ),
  role('podcertificaterequestcleaner', rule(`${read} delete`, certificates, 'podcertificaterequests')),
  role('pv-protection-controller', rule(`${read} update`, '', 'persistentvolumes'), events),
  role(
    'pvc-protection-controller',
    rule(`${read} update`, '', 'persistentvolumeclaims'),
    rule('update', '', 'persistentvolumeclaims/status'),
    rule(read, '', 'pods'),
    events,
  ),
  role(
    'replicaset-controller',
    rule(`${read} update`, appsAndExtensions, 'replicasets'),
    rule('update', appsAndExtensions, 'replicasets/status'),
    rule('update', appsAndExtensions, 'replicasets/finalizers'),
    rule(podOwner, '', 'pods'),
    events,
  ),
  role(
    'replication-controller',
    rule(`${read} update`, '', 'replicationcontrollers'),
    rule('update', '', 'replicationcontrollers/status'),
    rule('update', '', 'replicationcontrollers/finalizers'),
    rule(podOwner, '', 'pods'),
    events,
  ),
  role(
    'resource-claim-controller',
    rule(read, '', 'pods'),
    rule('update', '', 'pods/finalizers'),
    rule(`${read} create delete`, dra, 'resourceclaims'),
    rule('update patch', dra, 'resourceclaims resourceclaims/status'),
    rule('update patch', '', 'pods/status'),
    events,
    rule('update patch', dra, 'resourceclaims/binding'),
  ),
  role('resourcequota-controller', rule('list watch', '*', '*'), rule('update', '', 'resourcequotas/status'), events),
  role('root-ca-cert-publisher', rule('create update', '', 'configmaps'), events),
  role('route-controller', rule('list watch', '', 'nodes'), rule('patch', '', 'nodes/status'), events),
  role(
    'selinux-warning-controller',
    events,
    rule(read, '', 'persistentvolumes'),
    rule(read, '', 'persistentvolumeclaims'),
    rule(read, '', 'pods'),
    rule(read, storage, 'csidrivers'),
  ),
  role('service-account-controller', rule('create', '', 'serviceaccounts'), events),
  role(
    'service-cidrs-controller',
    rule(`${read} patch update`, networking, 'servicecidrs'),
    rule('patch update', networking, 'servicecidrs/finalizers'),
    rule('patch update', networking, 'servicecidrs/status'),
    rule(read, networking, 'ipaddresses'),
    events,
  ),
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
    rule('update', apps, 'statefulsets/status'),
    rule('update', apps, 'statefulsets/finalizers'),
    rule('get create delete update patch', '', 'pods'),
    rule(`${read} create delete update patch`, apps, 'controllerrevisions'),
    rule(`${read} create`, '', 'persistentvolumeclaims'),
    rule('update delete', '', 'persistentvolumeclaims'),
    rule('update', '', 'pods/finalizers'),
    events,
  ),
  role(
    'storage-version-migrator-controller',
    rule('list patch', '*', '*'),
    rule('get', 'apiextensions.k8s.io', 'customresourcedefinitions'),
    rule('patch', 'apiextensions.k8s.io', 'customresourcedefinitions/status'),
    rule('update', 'storagemigration.k8s.io', 'storageversionmigrations/status'),
  ),
  role('ttl-after-finished-controller', rule(`${read} delete`, batch, 'jobs'), events),
  role('ttl-controller', rule('update patch list watch', '', 'nodes'), events),
  role(
    'validatingadmissionpolicy-status-controller',
    rule(read, admission, 'validatingadmissionpolicies'),
    rule('get patch update', admission, 'validatingadmissionpolicies/status'),
    events,
  ),
  role(
    'volumeattributesclass-protection-controller',
    rule(read, '', 'persistentvolumeclaims'),
    rule(read, '', 'persistentvolumes'),
    rule(`${read} update`, storage, 'volumeattributesclasses'),
    events,
  ),
]

/** A Role and whom it is bound to. */
export interface NamespacedRole {
  namespace: string
  name: string
  rules: readonly PolicyRule[]
  /** The binding's own name, where it has one. */
  binding?: string
  users?: readonly string[]
  /** Names in kube-system. */
  serviceAccounts?: readonly string[]
}

const managers = ['system:kube-controller-manager', 'system:kube-scheduler']

const leaderLocking = (program: string): NamespacedRole => ({
  namespace: 'kube-system',
  name: `system::leader-locking-${program}`,
  rules: [rule('watch', '', 'configmaps'), rule('get update', '', 'configmaps', program)],
  users: [`system:${program}`],
  serviceAccounts: [program],
})

const controller = (namespace: string, name: string, ...rules: PolicyRule[]): NamespacedRole => ({
  namespace,
  name: `system:controller:${name}`,
  rules,
  // it may have credentials of its own, or run under those of the program
  users: ['system:kube-controller-manager'],
  serviceAccounts: [name],
})

// plugin/pkg/auth/authorizer/rbac/bootstrappolicy/namespace_policy.go, as data
export const namespacedRoles: readonly NamespacedRole[] = [
  {
    namespace: 'kube-system',
    name: 'extension-apiserver-authentication-reader',
    binding: 'system::extension-apiserver-authentication-reader',
    rules: [rule(read, '', 'configmaps', 'extension-apiserver-authentication')],
    users: managers,
  },
  controller('kube-system', 'bootstrap-signer', rule(read, '', 'secrets')),
  controller('kube-system', 'cloud-provider', rule(`create ${read}`, '', 'configmaps')),
  controller('kube-system', 'token-cleaner', rule(`${read} delete`, '', 'secrets'), events),
  leaderLocking('kube-controller-manager'),
  leaderLocking('kube-scheduler'),
  controller(
    'kube-public',
    'bootstrap-signer',
    rule(read, '', 'configmaps'),
    rule('update', '', 'configmaps', 'cluster-info'),
    events,
  ),
]
