// The shape of the configuration file, for strict decoding. k8s.io/kube-scheduler/config/v1/types.go
import { schemaFor } from '@kubets/shared/api/schemas.ts'
import type { ObjectNode, SchemaNode } from '@kubets/shared/machinery/schema/node.ts'
import { document, listOf, pointer, scalar, struct } from '@kubets/shared/machinery/schema/struct.ts'

const string = scalar('string')
const bool = scalar('bool')
const int32 = scalar('int32')
const int64 = scalar('int64')
const duration = scalar('duration', 'v1.Duration')

/** The points at which a profile lists plugins, in upstream's order. */
export const points = [
  'preEnqueue',
  'queueSort',
  'preFilter',
  'filter',
  'postFilter',
  'preScore',
  'score',
  'reserve',
  'permit',
  'preBind',
  'bind',
  'postBind',
] as const
export type Point = (typeof points)[number]

const plugin = struct('v1.Plugin', { name: string, weight: int32 })
const pluginSet = struct('v1.PluginSet', { enabled: listOf(plugin), disabled: listOf(plugin) })
const plugins = struct('v1.Plugins', Object.fromEntries([...points, 'multiPoint'].map((point) => [point, pluginSet])))

const bytes = scalar('bytes', '[]uint8')
const extender = struct('v1.Extender', {
  urlPrefix: string,
  filterVerb: string,
  preemptVerb: string,
  prioritizeVerb: string,
  weight: int64,
  bindVerb: string,
  enableHTTPS: bool,
  tlsConfig: pointer(
    struct('v1.ExtenderTLSConfig', {
      insecure: bool,
      serverName: string,
      certFile: string,
      keyFile: string,
      caFile: string,
      certData: bytes,
      keyData: bytes,
      caData: bytes,
    }),
  ),
  httpTimeout: duration,
  nodeCacheCapable: bool,
  managedResources: listOf(struct('v1.ExtenderManagedResource', { name: string, ignoredByScheduler: bool })),
  ignorable: bool,
})

export const configuration = document('v1.KubeSchedulerConfiguration', {
  parallelism: pointer(int32),
  leaderElection: struct('v1alpha1.LeaderElectionConfiguration', {
    leaderElect: pointer(bool),
    leaseDuration: duration,
    renewDeadline: duration,
    retryPeriod: duration,
    resourceLock: string,
    resourceName: string,
    resourceNamespace: string,
  }),
  clientConnection: struct('v1alpha1.ClientConnectionConfiguration', {
    kubeconfig: string,
    acceptContentTypes: string,
    contentType: string,
    qps: scalar('double', 'float32'),
    burst: int32,
  }),
  enableProfiling: pointer(bool),
  enableContentionProfiling: pointer(bool),
  percentageOfNodesToScore: pointer(int32),
  podInitialBackoffSeconds: pointer(int64),
  podMaxBackoffSeconds: pointer(int64),
  delayCacheUntilActive: bool,
  profiles: listOf(
    struct('v1.KubeSchedulerProfile', {
      schedulerName: pointer(string),
      percentageOfNodesToScore: pointer(int32),
      plugins: pointer(plugins),
      pluginConfig: listOf(
        struct('v1.PluginConfig', { name: string, args: scalar('rawExtension', 'runtime.RawExtension') }),
      ),
    }),
  ),
  extenders: listOf(extender),
})

/** The part of a Pod's schema at this path. */
function ofPod(...path: string[]): SchemaNode {
  let node: SchemaNode = schemaFor('', 'v1', 'Pod')
  for (const name of path) {
    const next: SchemaNode | undefined = node.type === 'object' ? node.fields.get(name)?.node : undefined
    if (!next) throw new Error(`a Pod has no ${path.join('.')}`)
    node = next
  }
  return node
}

const resources = listOf(struct('v1.ResourceSpec', { name: string, weight: int64 }))
const shape = listOf(struct('v1.UtilizationShapePoint', { utilization: int32, score: int32 }))

/** The arguments that plugins take, by plugin. */
export const argsSchemas: Readonly<Record<string, ObjectNode>> = {
  DefaultPreemption: document('v1.DefaultPreemptionArgs', {
    minCandidateNodesPercentage: pointer(int32),
    minCandidateNodesAbsolute: pointer(int32),
  }),
  DynamicResources: document('v1.DynamicResourcesArgs', {
    filterTimeout: pointer(duration),
    bindingTimeout: pointer(duration),
  }),
  InterPodAffinity: document('v1.InterPodAffinityArgs', {
    hardPodAffinityWeight: pointer(int32),
    ignorePreferredTermsOfExistingPods: bool,
  }),
  NodeAffinity: document('v1.NodeAffinityArgs', { addedAffinity: pointer(ofPod('spec', 'affinity', 'nodeAffinity')) }),
  NodeResourcesBalancedAllocation: document('v1.NodeResourcesBalancedAllocationArgs', { resources }),
  NodeResourcesFit: document('v1.NodeResourcesFitArgs', {
    ignoredResources: listOf(string),
    ignoredResourceGroups: listOf(string),
    scoringStrategy: pointer(
      struct('v1.ScoringStrategy', {
        type: string,
        resources,
        requestedToCapacityRatio: pointer(struct('v1.RequestedToCapacityRatioParam', { shape })),
      }),
    ),
  }),
  PodTopologySpread: document('v1.PodTopologySpreadArgs', {
    defaultConstraints: ofPod('spec', 'topologySpreadConstraints'),
    defaultingType: string,
  }),
  VolumeBinding: document('v1.VolumeBindingArgs', { bindTimeoutSeconds: pointer(int64), shape }),
}
