/** A kind whose operations are tried: what to create, and what to patch and to change in an update. */
export interface Tried {
  readonly entries: readonly string[]
  /** `v1` or `group/version`. */
  readonly groupVersion: string
  readonly plural: string
  readonly cluster?: boolean
  readonly body: object | ((namespace: string) => object)
  readonly patch?: object
  readonly change?: object
  /** A status to patch in, for kinds whose status is an endpoint of its own. */
  readonly status?: object
  /** Names are addresses for one kind; nth is from 1 to 3. */
  readonly name?: (nth: number) => string
}

const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'kubets/busybox:1' }] } }
const workload = { selector: { matchLabels: { a: 'b' } }, template }
const jobTemplate = { spec: { containers: [{ name: 'c', image: 'kubets/busybox:1' }], restartPolicy: 'Never' } }
const rules = [{ apiGroups: ['example.com'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['nothings'] }]
const devices = { requests: [{ name: 'one', exactly: { deviceClassName: 'none' } }] }
const condition = {
  type: 'Tried',
  status: 'True',
  reason: 'Test',
  message: 'm',
  lastTransitionTime: '2026-01-01T00:00:00Z',
}
const involved = (namespace: string): object => ({ apiVersion: 'v1', kind: 'Pod', name: 'nobody', namespace })
const series = { count: 2, lastObservedTime: '2026-01-01T00:00:01.000000Z' }

/** What the suite tries, one after another row; a later kind is one more row. */
export const triedKinds: readonly Tried[] = [
  {
    entries: ['Priority and Fairness FlowSchema API'],
    groupVersion: 'flowcontrol.apiserver.k8s.io/v1',
    plural: 'flowschemas',
    cluster: true,
    body: {
      spec: {
        matchingPrecedence: 9999,
        priorityLevelConfiguration: { name: 'global-default' },
        rules: [
          {
            subjects: [{ kind: 'User', user: { name: 'nobody' } }],
            nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/nothing'] }],
          },
        ],
      },
    },
    patch: { spec: { matchingPrecedence: 9998 } },
    status: { conditions: [condition] },
  },
  {
    entries: ['Priority and Fairness PriorityLevelConfiguration API'],
    groupVersion: 'flowcontrol.apiserver.k8s.io/v1',
    plural: 'prioritylevelconfigurations',
    cluster: true,
    body: { spec: { type: 'Limited', limited: { nominalConcurrencyShares: 2, limitResponse: { type: 'Reject' } } } },
    patch: { spec: { limited: { nominalConcurrencyShares: 4 } } },
    status: { conditions: [condition] },
  },
  {
    entries: ['ValidatingAdmissionPolicy API'],
    groupVersion: 'admissionregistration.k8s.io/v1',
    plural: 'validatingadmissionpolicies',
    cluster: true,
    body: { spec: { matchConstraints: { resourceRules: rules }, validations: [{ expression: 'true' }] } },
    status: { conditions: [condition] },
  },
  {
    entries: ['ValidatingadmissionPolicyBinding API'],
    groupVersion: 'admissionregistration.k8s.io/v1',
    plural: 'validatingadmissionpolicybindings',
    cluster: true,
    body: { spec: { policyName: 'none', validationActions: ['Audit'] } },
  },
  {
    entries: ['MutatingAdmissionPolicy API'],
    groupVersion: 'admissionregistration.k8s.io/v1',
    plural: 'mutatingadmissionpolicies',
    cluster: true,
    body: {
      spec: {
        matchConstraints: { resourceRules: rules },
        reinvocationPolicy: 'Never',
        mutations: [{ patchType: 'ApplyConfiguration', applyConfiguration: { expression: 'Object{}' } }],
      },
    },
  },
  {
    entries: ['MutatingAdmissionPolicyBinding API'],
    groupVersion: 'admissionregistration.k8s.io/v1',
    plural: 'mutatingadmissionpolicybindings',
    cluster: true,
    body: { spec: { policyName: 'none' } },
  },
  {
    entries: ['CronJob API Operations'],
    groupVersion: 'batch/v1',
    plural: 'cronjobs',
    body: { spec: { schedule: '0 0 1 1 *', suspend: true, jobTemplate: { spec: { template: jobTemplate } } } },
    status: { lastScheduleTime: '2026-01-01T00:00:00Z' },
  },
  {
    entries: ['Jobs, manage lifecycle', 'Jobs, apply changes to status'],
    groupVersion: 'batch/v1',
    plural: 'jobs',
    body: { spec: { suspend: true, template: jobTemplate } },
    status: { conditions: [condition] },
  },
  {
    entries: ['ReplicaSet, list and delete a collection of ReplicaSets', 'ReplicaSet, status sub-resource'],
    status: { conditions: [condition] },
    groupVersion: 'apps/v1',
    plural: 'replicasets',
    body: { spec: { ...workload, replicas: 0 } },
  },
  {
    entries: [
      'PodDisruptionBudget: list and delete collection',
      'PodDisruptionBudget: create, update, patch, and delete object',
    ],
    groupVersion: 'policy/v1',
    plural: 'poddisruptionbudgets',
    body: { spec: { minAvailable: 1, selector: { matchLabels: { pod: 'none' } } } },
    patch: { spec: { minAvailable: 2 } },
  },
  {
    entries: ['EndpointSlice API'],
    groupVersion: 'discovery.k8s.io/v1',
    plural: 'endpointslices',
    body: { addressType: 'IPv4', endpoints: [{ addresses: ['10.1.2.3'] }], ports: [{ name: 'http', port: 80 }] },
  },
  {
    entries: ['Ingress API'],
    groupVersion: 'networking.k8s.io/v1',
    plural: 'ingresses',
    body: { spec: { defaultBackend: { service: { name: 'none', port: { number: 80 } } } } },
    status: { loadBalancer: { ingress: [{ ip: '169.1.1.1' }] } },
  },
  {
    entries: ['IngressClass API'],
    groupVersion: 'networking.k8s.io/v1',
    plural: 'ingressclasses',
    cluster: true,
    body: { spec: { controller: 'example.com/none' } },
  },
  {
    entries: ['IPAddress API'],
    groupVersion: 'networking.k8s.io/v1',
    plural: 'ipaddresses',
    cluster: true,
    name: (nth) => `192.0.2.${String(nth)}`,
    body: { spec: { parentRef: { resource: 'services', namespace: 'default', name: 'none' } } },
  },
  {
    entries: ['ServiceCIDR API'],
    groupVersion: 'networking.k8s.io/v1',
    plural: 'servicecidrs',
    cluster: true,
    // of the family that no Service here has: else one of another case may be given an address of it, and hold it
    body: { spec: { cidrs: ['2001:db8:1::/112'] } },
    status: { conditions: [condition] },
  },
  {
    entries: ['RuntimeClass API'],
    groupVersion: 'node.k8s.io/v1',
    plural: 'runtimeclasses',
    cluster: true,
    body: { handler: 'none' },
  },
  {
    entries: ['CSIStorageCapacity API'],
    groupVersion: 'storage.k8s.io/v1',
    plural: 'csistoragecapacities',
    body: { storageClassName: 'none', capacity: '1Gi' },
  },
  {
    entries: ['CSIDriver, lifecycle'],
    groupVersion: 'storage.k8s.io/v1',
    plural: 'csidrivers',
    cluster: true,
    body: { spec: { attachRequired: false } },
  },
  {
    entries: ['CSINode, lifecycle'],
    groupVersion: 'storage.k8s.io/v1',
    plural: 'csinodes',
    cluster: true,
    body: { spec: { drivers: [{ name: 'csi.example.com', nodeID: 'node-1', topologyKeys: ['zone'] }] } },
  },
  {
    entries: ['StorageClass, lifecycle'],
    groupVersion: 'storage.k8s.io/v1',
    plural: 'storageclasses',
    cluster: true,
    body: { provisioner: 'example.com/none' },
  },
  {
    entries: ['VolumeAttachment, lifecycle'],
    groupVersion: 'storage.k8s.io/v1',
    plural: 'volumeattachments',
    cluster: true,
    body: { spec: { attacher: 'none.example.com', nodeName: 'none', source: { persistentVolumeName: 'none' } } },
  },
  {
    entries: ['VolumeAttachment, apply changes to a volumeattachment status'],
    groupVersion: 'storage.k8s.io/v1',
    plural: 'volumeattachments',
    cluster: true,
    body: { spec: { attacher: 'none.example.com', nodeName: 'none', source: { persistentVolumeName: 'none' } } },
    status: { attached: true },
  },
  {
    entries: ['VolumeAttributesClass, lifecycle'],
    groupVersion: 'storage.k8s.io/v1',
    plural: 'volumeattributesclasses',
    cluster: true,
    body: { driverName: 'example.com/none', parameters: { iops: '100' } },
  },
  {
    entries: ['PersistentVolumes(Claims), lifecycle', 'PersistentVolumes(Claims), apply changes to a pv/pvc status'],
    groupVersion: 'v1',
    plural: 'persistentvolumes',
    cluster: true,
    body: {
      spec: {
        capacity: { storage: '1Mi' },
        accessModes: ['ReadWriteOnce'],
        storageClassName: 'none-such',
        claimRef: { namespace: 'default', name: 'nobody' },
        hostPath: { path: '/tmp/none' },
      },
    },
    // the phase that its controller gives it too: a change of phase takes the message with it
    status: { phase: 'Available', reason: 'Tried', message: 'm' },
  },
  {
    entries: ['PersistentVolumes(Claims), lifecycle', 'PersistentVolumes(Claims), apply changes to a pv/pvc status'],
    groupVersion: 'v1',
    plural: 'persistentvolumeclaims',
    body: {
      spec: {
        accessModes: ['ReadWriteOnce'],
        storageClassName: 'none-such',
        resources: { requests: { storage: '1Mi' } },
      },
    },
    status: { conditions: [condition] },
  },
  ...(['deviceclasses', 'resourceclaims', 'resourceclaimtemplates', 'resourceslices'] as const).map(
    (plural): Tried => ({
      entries: [plural === 'resourceslices' ? 'CRUD operations for resoureslices' : `CRUD operations for ${plural}`],
      groupVersion: 'resource.k8s.io/v1',
      plural,
      cluster: plural === 'deviceclasses' || plural === 'resourceslices',
      body: {
        spec: {
          deviceclasses: { selectors: [{ cel: { expression: 'device.driver == "none.example.com"' } }] },
          resourceclaims: { devices },
          resourceclaimtemplates: { spec: { devices } },
          resourceslices: {
            driver: 'none.example.com',
            nodeName: 'none',
            pool: { name: 'none', generation: 1, resourceSliceCount: 1 },
          },
        }[plural],
      },
    }),
  ),
  {
    entries: ['ConfigMap lifecycle', 'ConfigMap Update'],
    groupVersion: 'v1',
    plural: 'configmaps',
    body: { data: { one: '1' } },
    patch: { data: { one: 'patched' } },
    change: { data: { one: 'changed', two: '2' } },
  },
  {
    entries: ['PodTemplate lifecycle', 'PodTemplate, replace', 'PodTemplate, delete a collection'],
    groupVersion: 'v1',
    plural: 'podtemplates',
    body: { template },
  },
  {
    entries: ['ServiceAccount lifecycle test', 'ServiceAccount, update a ServiceAccount'],
    groupVersion: 'v1',
    plural: 'serviceaccounts',
    body: {},
    patch: { secrets: [{ name: 'patched' }] },
    change: { automountServiceAccountToken: false },
  },
  {
    entries: ['lease API should be available'],
    groupVersion: 'coordination.k8s.io/v1',
    plural: 'leases',
    body: { spec: { holderIdentity: 'holder', leaseDurationSeconds: 30, leaseTransitions: 0 } },
    patch: { spec: { leaseDurationSeconds: 50, renewTime: '2026-01-01T00:00:00.123456Z' } },
    change: { spec: { holderIdentity: 'holder2', leaseDurationSeconds: 60, leaseTransitions: 1 } },
  },
  {
    entries: ['Event, manage lifecycle of an Event', 'Event, delete a collection'],
    groupVersion: 'v1',
    plural: 'events',
    body: (namespace) => ({ involvedObject: involved(namespace), type: 'Normal', reason: 'Test', message: 'first' }),
    patch: { message: 'patched' },
    change: { series },
  },
  {
    entries: [
      'New Event resource lifecycle, testing a single event',
      'New Event resource lifecycle, testing a list of events',
    ],
    groupVersion: 'events.k8s.io/v1',
    plural: 'events',
    body: (namespace) => ({
      regarding: involved(namespace),
      eventTime: '2026-01-01T00:00:00.000000Z',
      type: 'Normal',
      reason: 'Test',
      action: 'Try',
      note: 'first',
      reportingController: 'example.com/test',
      reportingInstance: 'test-1',
    }),
    patch: { note: 'patched' },
    change: { series },
  },
  {
    entries: ['Deployment, status sub-resource'],
    groupVersion: 'apps/v1',
    plural: 'deployments',
    body: { spec: { ...workload, replicas: 0 } },
    status: { conditions: [condition] },
  },
  {
    entries: ['ResourceQuota, manage lifecycle of a ResourceQuota', 'ResourceQuota, update and delete'],
    groupVersion: 'v1',
    plural: 'resourcequotas',
    body: { spec: { hard: { cpu: '500', memory: '500Gi' } } },
    patch: { spec: { hard: { memory: '750Gi' } } },
    change: { spec: { hard: { cpu: '700', memory: '900Gi' } } },
  },
  {
    entries: ['Secret patching'],
    groupVersion: 'v1',
    plural: 'secrets',
    body: { type: 'Opaque', data: { key: 'dmFsdWU=' } },
    patch: { data: { key: 'dmFsdWUx' } },
  },
  {
    entries: ['CSIInlineVolumes should support Pods with inline volumes'],
    groupVersion: 'v1',
    plural: 'pods',
    body: {
      spec: {
        nodeSelector: { on: 'no-node' },
        automountServiceAccountToken: false,
        containers: [
          {
            name: 'c',
            image: 'kubets/busybox:1',
            // the quota that is tried beside it in this namespace wants to know
            resources: { limits: { cpu: '1m', memory: '1Mi' } },
            volumeMounts: [{ name: 'v', mountPath: '/v' }],
          },
        ],
        volumes: [{ name: 'v', csi: { driver: 'none.example.com', volumeAttributes: { a: 'b' } } }],
      },
    },
  },
  {
    entries: ['Node, resource lifecycle'],
    groupVersion: 'v1',
    plural: 'nodes',
    cluster: true,
    body: { spec: { unschedulable: true } },
  },
  {
    entries: ['Service, deletes a collection of services'],
    groupVersion: 'v1',
    plural: 'services',
    body: { spec: { ports: [{ name: 'http', port: 80, targetPort: 8080 }] } },
  },
  {
    entries: ['Service, complete ServiceStatus lifecycle'],
    groupVersion: 'v1',
    plural: 'services',
    body: { spec: { type: 'LoadBalancer', ports: [{ name: 'http', port: 80 }] } },
    status: { loadBalancer: { ingress: [{ ip: '203.0.113.1' }] } },
  },
  {
    entries: ['Endpoint resource lifecycle'],
    groupVersion: 'v1',
    plural: 'endpoints',
    body: { subsets: [{ addresses: [{ ip: '10.0.0.24' }], ports: [{ name: 'http', port: 80 }] }] },
    patch: { subsets: [{ addresses: [{ ip: '10.0.0.25' }], ports: [{ name: 'http-test', port: 8080 }] }] },
  },
]
