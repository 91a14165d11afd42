/** Every controller of upstream's kube-controller-manager, and our own; and the other names that --controllers takes for it. */
// cmd/kube-controller-manager/app/controllermanager.go NewControllerDescriptors
const known: Readonly<Record<string, readonly string[]>> = {
  'serviceaccount-token-controller': ['serviceaccount-token'],
  'endpoints-controller': ['endpoint'],
  'endpointslice-controller': ['endpointslice'],
  'endpointslice-mirroring-controller': ['endpointslicemirroring'],
  'replicationcontroller-controller': ['replicationcontroller'],
  'pod-garbage-collector-controller': ['podgc'],
  'resourcequota-controller': ['resourcequota'],
  'namespace-controller': ['namespace'],
  'serviceaccount-controller': ['serviceaccount'],
  'garbage-collector-controller': ['garbagecollector'],
  'daemonset-controller': ['daemonset'],
  'job-controller': ['job'],
  'deployment-controller': ['deployment'],
  'replicaset-controller': ['replicaset'],
  'horizontal-pod-autoscaler-controller': ['horizontalpodautoscaling'],
  'disruption-controller': ['disruption'],
  'statefulset-controller': ['statefulset'],
  'cronjob-controller': ['cronjob'],
  'certificatesigningrequest-signing-controller': ['csrsigning'],
  'certificatesigningrequest-approving-controller': ['csrapproving'],
  'certificatesigningrequest-cleaner-controller': ['csrcleaner'],
  'podcertificaterequest-cleaner-controller': ['podcertificaterequestcleaner'],
  'ttl-controller': ['ttl'],
  'bootstrap-signer-controller': ['bootstrapsigner'],
  'token-cleaner-controller': ['tokencleaner'],
  'node-ipam-controller': ['nodeipam'],
  'node-lifecycle-controller': ['nodelifecycle'],
  'taint-eviction-controller': [],
  'service-lb-controller': ['service'],
  'node-route-controller': ['route'],
  'cloud-node-lifecycle-controller': ['cloud-node-lifecycle'],
  'persistentvolume-binder-controller': ['persistentvolume-binder'],
  'persistentvolume-attach-detach-controller': ['attachdetach'],
  'persistentvolume-expander-controller': ['persistentvolume-expander'],
  'clusterrole-aggregation-controller': ['clusterrole-aggregation'],
  'persistentvolumeclaim-protection-controller': ['pvc-protection'],
  'persistentvolume-protection-controller': ['pv-protection'],
  'volumeattributesclass-protection-controller': [],
  'ttl-after-finished-controller': ['ttl-after-finished'],
  'root-ca-certificate-publisher-controller': ['root-ca-cert-publisher'],
  'kube-apiserver-serving-clustertrustbundle-publisher-controller': [],
  'ephemeral-volume-controller': ['ephemeral-volume'],
  'storageversion-garbage-collector-controller': ['storageversion-gc'],
  'resourceclaim-controller': ['resource-claim-controller'],
  'device-taint-eviction-controller': [],
  'resourcepoolstatusrequest-controller': [],
  'legacy-serviceaccount-token-cleaner-controller': ['legacy-service-account-token-cleaner'],
  'validatingadmissionpolicy-status-controller': [],
  'service-cidr-controller': [],
  'storage-version-migrator-controller': ['svm'],
  'selinux-warning-controller': ['selinux-warning'],
  // elsewhere an add-on, a program of its own
  'local-path-provisioner': [],
}

const aliases = new Map(
  Object.entries(known).flatMap(([name, others]) => others.map((other) => [other, name] as const)),
)

/** `*` leaves these out: they are for clusters that nodes join with tokens, or cost much. */
// cmd/kube-controller-manager/app/controllermanager.go ControllersDisabledByDefault
const offByDefault: ReadonlySet<string> = new Set([
  'bootstrap-signer-controller',
  'token-cleaner-controller',
  'selinux-warning-controller',
])

/**
 * Which controllers run: `*` is all that are not off by default, a name (or an older name) one, `-name` all but one, the
 * first that speaks of a controller counts. `here` are the names of those that are there. Throws an Error for a name that
 * upstream does not know, and for one whose controller is asked for but not there.
 */
// component-base GenericControllerManagerConfigurationOptions.Validate, controller-manager/app/helper.go IsControllerEnabled
export const selectControllers = (selection: readonly string[], here: readonly string[]): Set<string> => {
  const choices = new Map<string, boolean>()
  for (const given of selection.filter((one) => one !== '*')) {
    const word = given.replace(/^-/, '')
    const name = aliases.get(word) ?? word
    if (!Object.hasOwn(known, name)) throw new Error(`"${word}" is not in the list of known controllers`)
    const isOn = !given.startsWith('-')
    if (isOn && !here.includes(name)) throw new Error(`--controllers: ${name} is not supported`)
    if (!choices.has(name)) choices.set(name, isOn)
  }
  const hasStar = selection.includes('*')
  return new Set(here.filter((name) => choices.get(name) ?? (hasStar && !offByDefault.has(name))))
}
