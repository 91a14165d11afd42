import type { PolicyRule } from '@kubets/shared/api/types/rbac-v1.ts'
import { controllerRoles } from './bootstrap-controller-roles.ts'
import { paths, read, readWrite, rule, write } from './policy-rule.ts'

export interface BootstrapRole {
  name: string
  rules: readonly PolicyRule[]
  /** 'admin', 'edit' or 'view': this role's rules are part of that role. */
  aggregateTo?: string
  /** Its rules are those of all roles that aggregate to this name. */
  aggregates?: string
}

const rbac = 'rbac.authorization.k8s.io'
const authentication = 'authentication.k8s.io'
const authorization = 'authorization.k8s.io'
const certificates = 'certificates.k8s.io'
const storage = 'storage.k8s.io'
const coordination = 'coordination.k8s.io'
const dra = 'resource.k8s.io'

const events = rule('create patch update', ' events.k8s.io', 'events')
const reviews = [rule('create', authentication, 'tokenreviews'), rule('create', authorization, 'subjectaccessreviews')]
const leaderLease = (name: string): PolicyRule[] => [
  rule('create', coordination, 'leases'),
  rule('get list update watch', coordination, 'leases', name),
]
const approver = (signer: string, role: string): BootstrapRole => ({
  name: `system:certificates.k8s.io:${role}-approver`,
  rules: [rule('approve', certificates, 'signers', `kubernetes.io/${signer}`)],
})

const appsWorkloads =
  'daemonsets deployments deployments/scale replicasets replicasets/scale statefulsets statefulsets/scale'

const extensionsWorkloads =
  'daemonsets deployments deployments/scale replicasets replicasets/scale replicationcontrollers/scale'

// plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go ClusterRoles, as data
export const bootstrapClusterRoles: readonly BootstrapRole[] = [
  { name: 'cluster-admin', rules: [rule('*', '*', '*'), paths('*', '*')] },
  {
    name: 'system:discovery',
    rules: [paths('get', '/healthz /livez /readyz /version /version/ /api /api/* /apis /apis/* /openapi /openapi/*')],
  },
  {
    name: 'system:monitoring',
    rules: [paths('get', '/healthz /healthz/* /livez /livez/* /readyz /readyz/* /metrics /metrics/slis')],
  },
  {
    name: 'system:basic-user',
    rules: [
      rule('create', authorization, 'selfsubjectaccessreviews selfsubjectrulesreviews'),
      rule('create', authentication, 'selfsubjectreviews'),
    ],
  },
  { name: 'system:public-info-viewer', rules: [paths('get', '/healthz /livez /readyz /version /version/')] },
  {
    name: 'system:service-account-issuer-discovery',
    rules: [paths('get', '/.well-known/openid-configuration /openid/v1/jwks')],
  },

  { name: 'admin', rules: [], aggregates: 'admin' },
  { name: 'edit', rules: [], aggregates: 'edit', aggregateTo: 'admin' },
  { name: 'view', rules: [], aggregates: 'view', aggregateTo: 'edit' },
  {
    name: 'system:aggregate-to-admin',
    aggregateTo: 'admin',
    rules: [rule('create', authorization, 'localsubjectaccessreviews'), rule(readWrite, rbac, 'roles rolebindings')],
  },
  {
    name: 'system:aggregate-to-edit',
    aggregateTo: 'edit',
    rules: [
      rule(read, '', 'pods/attach pods/proxy pods/exec pods/portforward secrets services/proxy'),
      rule('impersonate', '', 'serviceaccounts'),
      rule(write, '', 'pods pods/attach pods/proxy pods/exec pods/portforward'),
      rule('create', '', 'pods/eviction'),
      rule(
        write,
        '',
        'replicationcontrollers replicationcontrollers/scale serviceaccounts services services/proxy ' +
          'persistentvolumeclaims configmaps secrets events',
      ),
      rule('create', '', 'serviceaccounts/token'),
      rule(write, 'apps', `${appsWorkloads} deployments/rollback`),
      rule(write, 'autoscaling', 'horizontalpodautoscalers'),
      rule(write, 'batch', 'jobs cronjobs'),
      rule(write, 'extensions', `${extensionsWorkloads} deployments/rollback ingresses networkpolicies`),
      rule(write, 'policy', 'poddisruptionbudgets'),
      rule(write, 'networking.k8s.io', 'networkpolicies ingresses'),
      rule(readWrite, coordination, 'leases'),
      rule(write, dra, 'resourceclaims resourceclaimtemplates'),
    ],
  },
  {
    name: 'system:aggregate-to-view',
    aggregateTo: 'view',
    rules: [
      rule(
        read,
        '',
        'pods replicationcontrollers replicationcontrollers/scale serviceaccounts services services/status ' +
          'endpoints persistentvolumeclaims persistentvolumeclaims/status configmaps',
      ),
      rule(
        read,
        '',
        'limitranges resourcequotas bindings events pods/status resourcequotas/status namespaces/status ' +
          'replicationcontrollers/status pods/log',
      ),
      rule(read, '', 'namespaces'),
      rule(read, 'discovery.k8s.io', 'endpointslices'),
      rule(
        read,
        'apps',
        `controllerrevisions ${appsWorkloads} daemonsets/status deployments/status replicasets/status statefulsets/status`,
      ),
      rule(read, 'autoscaling', 'horizontalpodautoscalers horizontalpodautoscalers/status'),
      rule(read, 'batch', 'jobs cronjobs cronjobs/status jobs/status'),
      rule(
        read,
        'extensions',
        `${extensionsWorkloads} daemonsets/status deployments/status replicasets/status ingresses ingresses/status networkpolicies`,
      ),
      rule(read, 'policy', 'poddisruptionbudgets poddisruptionbudgets/status'),
      rule(read, 'networking.k8s.io', 'networkpolicies ingresses ingresses/status'),
      rule(read, dra, 'resourceclaims resourceclaims/status resourceclaimtemplates'),
    ],
  },

  {
    name: 'system:node',
    rules: [
      ...reviews,
      rule('create', authorization, 'localsubjectaccessreviews'),
      rule(read, '', 'services'),
      rule(`create ${read}`, '', 'nodes'),
      rule('update patch', '', 'nodes nodes/status'),
      rule('create update patch', '', 'events'),
      rule(`${read} create delete`, '', 'pods'),
      rule('update patch', '', 'pods/status'),
      rule('create', '', 'pods/eviction'),
      rule(read, '', 'secrets configmaps'),
      rule('get', '', 'persistentvolumeclaims persistentvolumes endpoints'),
      rule(`create ${read}`, certificates, 'certificatesigningrequests'),
      rule('get create update patch delete', coordination, 'leases'),
      rule('get', storage, 'volumeattachments'),
      rule('create', '', 'serviceaccounts/token'),
      rule('get update patch', '', 'persistentvolumeclaims/status'),
      rule(read, storage, 'csidrivers'),
      rule('get create update patch delete', storage, 'csinodes'),
      rule(read, 'node.k8s.io', 'runtimeclasses'),
      rule('get', dra, 'resourceclaims'),
      rule(`${read} create update patch delete deletecollection`, dra, 'resourceslices'),
    ],
  },
  {
    name: 'system:node-problem-detector',
    rules: [rule('get', '', 'nodes'), rule('patch', '', 'nodes/status'), events],
  },
  {
    name: 'system:node-proxier',
    rules: [
      rule('list watch', '', 'services endpoints'),
      rule(read, '', 'nodes'),
      events,
      rule('list watch', 'discovery.k8s.io', 'endpointslices'),
      rule('list watch', 'networking.k8s.io', 'servicecidrs'),
    ],
  },
  {
    name: 'system:kubelet-api-admin',
    rules: [
      rule(`${read} proxy`, '', 'nodes'),
      rule('*', '', 'nodes/proxy nodes/metrics nodes/stats nodes/log nodes/configz nodes/healthz nodes/pods'),
    ],
  },
  { name: 'system:node-bootstrapper', rules: [rule(`create ${read}`, certificates, 'certificatesigningrequests')] },
  { name: 'system:auth-delegator', rules: reviews },
  {
    name: 'system:heapster',
    rules: [rule(read, '', 'events pods nodes namespaces'), rule(read, 'extensions', 'deployments')],
  },
  { name: 'system:kube-aggregator', rules: [rule(read, '', 'services endpoints')] },
  {
    name: 'system:kube-controller-manager',
    rules: [
      events,
      ...leaderLease('kube-controller-manager'),
      rule('create', '', 'secrets serviceaccounts serviceaccounts/token'),
      rule('delete', '', 'secrets'),
      rule('get', '', 'namespaces secrets serviceaccounts configmaps'),
      rule('update', '', 'secrets serviceaccounts'),
      ...reviews,
      // the shared informers of every controller
      rule('list watch', '*', '*'),
    ],
  },
  {
    name: 'system:kube-scheduler',
    rules: [
      events,
      ...leaderLease('kube-scheduler'),
      rule(read, '', 'nodes namespaces replicationcontrollers services'),
      rule(`${read} delete`, '', 'pods'),
      rule('create', '', 'pods/binding bindings'),
      rule('update patch', '', 'pods/status'),
      rule(read, 'apps', 'replicasets statefulsets'),
      rule(read, 'policy', 'poddisruptionbudgets'),
      rule('get list watch update', '', 'persistentvolumeclaims persistentvolumes'),
      ...reviews,
      rule(read, storage, 'csinodes csidrivers csistoragecapacities volumeattachments'),
      rule(read, dra, 'deviceclasses resourceslices'),
      rule('get list watch update patch', dra, 'resourceclaims resourceclaims/status'),
    ],
  },
  { name: 'system:kube-dns', rules: [rule('list watch', '', 'endpoints services')] },
  {
    name: 'system:persistent-volume-provisioner',
    rules: [
      rule(`${read} create delete`, '', 'persistentvolumes'),
      rule(`${read} update`, '', 'persistentvolumeclaims'),
      rule(read, storage, 'storageclasses'),
      rule('watch', '', 'events'),
      events,
    ],
  },
  {
    name: 'system:volume-scheduler',
    rules: [
      rule(`${read} patch update`, '', 'persistentvolumes persistentvolumeclaims'),
      rule(read, storage, 'storageclasses'),
    ],
  },
  {
    name: 'system:certificates.k8s.io:certificatesigningrequests:nodeclient',
    rules: [rule('create', certificates, 'certificatesigningrequests/nodeclient')],
  },
  {
    name: 'system:certificates.k8s.io:certificatesigningrequests:selfnodeclient',
    rules: [rule('create', certificates, 'certificatesigningrequests/selfnodeclient')],
  },
  approver('kube-apiserver-client', 'kube-apiserver-client'),
  approver('kube-apiserver-client-kubelet', 'kube-apiserver-client-kubelet'),
  approver('kubelet-serving', 'kubelet-serving'),
  approver('legacy-unknown', 'legacy-unknown'),
  ...controllerRoles,
]

export interface BootstrapBinding {
  name: string
  groups?: readonly string[]
  users?: readonly string[]
  /** Names in kube-system. */
  serviceAccounts?: readonly string[]
}

// plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go ClusterRoleBindings; each binds the role of its own name
export const bootstrapClusterRoleBindings: readonly BootstrapBinding[] = [
  { name: 'cluster-admin', groups: ['system:masters'] },
  { name: 'system:monitoring', groups: ['system:monitoring'] },
  { name: 'system:discovery', groups: ['system:authenticated'] },
  { name: 'system:basic-user', groups: ['system:authenticated'] },
  { name: 'system:public-info-viewer', groups: ['system:authenticated', 'system:unauthenticated'] },
  { name: 'system:service-account-issuer-discovery', groups: ['system:serviceaccounts'] },
  { name: 'system:node-proxier', users: ['system:kube-proxy'] },
  { name: 'system:kube-controller-manager', users: ['system:kube-controller-manager'] },
  { name: 'system:kube-dns', serviceAccounts: ['kube-dns'] },
  { name: 'system:kube-scheduler', users: ['system:kube-scheduler'] },
  { name: 'system:volume-scheduler', users: ['system:kube-scheduler'] },
  { name: 'system:node' },
  ...controllerRoles.map(({ name }) => ({
    name,
    // a controller may have credentials of its own, or run under those of the program
    users: ['system:kube-controller-manager'],
    serviceAccounts: [name.slice('system:controller:'.length)],
  })),
]
