// The fields of a KubeletConfiguration: their types, their defaults, and the flags that say the same.
// k8s.io/kubelet/config/v1beta1/types.go, pkg/kubelet/apis/config/v1beta1/defaults.go
import { schemaFor } from '@kubets/shared/api/schemas.ts'
import type { SchemaNode } from '@kubets/shared/machinery/schema/node.ts'
import { document, listOf, mapOf, pointer, scalar, struct, type Entry } from '@kubets/shared/machinery/schema/struct.ts'
import { defaultEvictionHard } from '../eviction/thresholds.ts'
import type { flags } from '../options.ts'

export type FlagName = keyof typeof flags

/** One value of the file. */
export interface Leaf {
  readonly node: SchemaNode
  /** Absent is told from zero; where it is not, zero means the default. */
  readonly pointer: boolean
  /** undefined: it is absent when nobody sets it. */
  readonly fallback: unknown
  /** The flag that says the same. Without one, the default is the only value that this kubelet can have. */
  readonly flag?: FlagName
  /** Upstream has no flag for it, or one that is not here: it is read from the configuration. */
  readonly configOnly?: true
  /** What stands between key and value in the flag's text, where the value is a map. */
  readonly between: string
}

/** Fields that stand together under one name. */
export interface Group {
  readonly goType: string
  readonly fields: Fields
}

export type Fields = Readonly<Record<string, Leaf | Group>>

const leaf = (node: SchemaNode, isPointer: boolean, fallback: unknown, flag?: FlagName, between = '='): Leaf => ({
  node,
  pointer: isPointer,
  fallback,
  between,
  ...(flag && { flag }),
})
const configOnly = (one: Leaf): Leaf => ({ ...one, configOnly: true })
const group = (goType: string, fields: Fields): Group => ({ goType: `v1beta1.${goType}`, fields })

const text = (fallback = '', flag?: FlagName): Leaf => leaf(scalar('string'), false, fallback || undefined, flag)
const bool = (fallback: boolean, flag?: FlagName): Leaf => leaf(scalar('bool'), true, fallback, flag)
const int = (fallback: number | undefined, flag?: FlagName): Leaf => leaf(scalar('int32'), false, fallback, flag)
const intPointer = (fallback?: number, flag?: FlagName): Leaf => leaf(scalar('int32'), true, fallback, flag)
const duration = (fallback = '0s', flag?: FlagName): Leaf =>
  leaf(scalar('duration', 'v1.Duration'), false, fallback, flag)
const texts = (fallback?: readonly string[], flag?: FlagName): Leaf =>
  leaf(listOf(scalar('string')), false, fallback, flag)
const map = (flag?: FlagName, between?: string, fallback?: object): Leaf =>
  leaf(mapOf(scalar('string')), false, fallback, flag, between)

function taints(): SchemaNode {
  const spec = schemaFor('', 'v1', 'Node').fields.get('spec')?.node
  const node = spec?.type === 'object' ? spec.fields.get('taints')?.node : undefined
  if (!node) throw new Error('a Node has no taints')
  return node
}

const shutdownGracePeriod = struct('v1beta1.ShutdownGracePeriodByPodPriority', {
  priority: scalar('int32'),
  shutdownGracePeriodSeconds: scalar('int64'),
})
const memoryReservation = struct('v1beta1.MemoryReservation', {
  numaNode: scalar('int32'),
  limits: mapOf(scalar('quantity', 'resource.Quantity')),
})

export const fields: Fields = {
  enableServer: bool(true),
  staticPodPath: text('', 'pod-manifest-path'),
  podLogsDir: text('/var/log/pods'),
  syncFrequency: duration('1m0s'),
  fileCheckFrequency: duration('20s', 'file-check-frequency'),
  httpCheckFrequency: duration('20s', 'http-check-frequency'),
  staticPodURL: text('', 'manifest-url'),
  staticPodURLHeader: leaf(mapOf(listOf(scalar('string'))), false, undefined, 'manifest-url-header', ':'),
  address: text('0.0.0.0', 'address'),
  port: int(10250, 'port'),
  readOnlyPort: int(undefined),
  tlsCertFile: text('', 'tls-cert-file'),
  tlsPrivateKeyFile: text('', 'tls-private-key-file'),
  tlsCipherSuites: texts(),
  tlsMinVersion: text(),
  rotateCertificates: leaf(scalar('bool'), false, undefined),
  serverTLSBootstrap: leaf(scalar('bool'), false, undefined),
  authentication: group('KubeletAuthentication', {
    x509: group('KubeletX509Authentication', { clientCAFile: text('', 'client-ca-file') }),
    webhook: group('KubeletWebhookAuthentication', { enabled: bool(true), cacheTTL: duration('2m0s') }),
    anonymous: group('KubeletAnonymousAuthentication', { enabled: bool(false) }),
  }),
  authorization: group('KubeletAuthorization', {
    mode: text('Webhook'),
    webhook: group('KubeletWebhookAuthorization', {
      cacheAuthorizedTTL: duration('5m0s'),
      cacheUnauthorizedTTL: duration('30s'),
    }),
  }),
  registryPullQPS: intPointer(5),
  registryBurst: int(10),
  imagePullCredentialsVerificationPolicy: configOnly(text('NeverVerifyPreloadedImages')),
  preloadedImagesVerificationAllowlist: configOnly(texts()),
  eventRecordQPS: intPointer(50),
  eventBurst: int(100),
  enableDebuggingHandlers: configOnly(bool(true)),
  enableContentionProfiling: leaf(scalar('bool'), false, undefined),
  healthzPort: intPointer(10248, 'healthz-port'),
  healthzBindAddress: text('127.0.0.1', 'healthz-bind-address'),
  oomScoreAdj: intPointer(-999),
  // upstream knows no domain without this; the clusters this kubelet is made for have one
  clusterDomain: text('cluster.local', 'cluster-domain'),
  clusterDNS: texts(undefined, 'cluster-dns'),
  streamingConnectionIdleTimeout: duration('4h0m0s'),
  nodeStatusUpdateFrequency: duration('10s'),
  nodeStatusReportFrequency: duration('5m0s'),
  nodeLeaseDurationSeconds: int(40),
  imageMinimumGCAge: duration('2m0s', 'minimum-image-ttl-duration'),
  imageMaximumGCAge: configOnly(duration()),
  imageGCHighThresholdPercent: intPointer(85, 'image-gc-high-threshold'),
  imageGCLowThresholdPercent: intPointer(80, 'image-gc-low-threshold'),
  volumeStatsAggPeriod: duration('1m0s', 'volume-stats-agg-period'),
  kubeletCgroups: text(),
  systemCgroups: text(),
  cgroupRoot: text('', 'cgroup-root'),
  cgroupsPerQOS: bool(true, 'cgroups-per-qos'),
  cgroupDriver: text('cgroupfs'),
  cpuManagerPolicy: text('none', 'cpu-manager-policy'),
  singleProcessOOMKill: leaf(scalar('bool'), true, undefined),
  cpuManagerPolicyOptions: map('cpu-manager-policy-options'),
  cpuManagerReconcilePeriod: duration('10s', 'cpu-manager-reconcile-period'),
  memoryManagerPolicy: text('None'),
  topologyManagerPolicy: text('none'),
  topologyManagerScope: text('container'),
  topologyManagerPolicyOptions: map(),
  qosReserved: map(),
  runtimeRequestTimeout: duration('2m0s'),
  hairpinMode: text('promiscuous-bridge'),
  maxPods: int(110, 'max-pods'),
  podCIDR: text('', 'pod-cidr'),
  podPidsLimit: leaf(scalar('int64'), true, -1, 'pod-max-pids'),
  resolvConf: leaf(scalar('string'), true, '/etc/resolv.conf'),
  runOnce: leaf(scalar('bool'), false, undefined),
  cpuCFSQuota: bool(true),
  cpuCFSQuotaPeriod: leaf(scalar('duration', 'v1.Duration'), true, '100ms'),
  nodeStatusMaxImages: intPointer(50),
  maxOpenFiles: leaf(scalar('int64'), false, 1_000_000),
  contentType: text('application/vnd.kubernetes.protobuf'),
  kubeAPIQPS: intPointer(50),
  kubeAPIBurst: int(100),
  serializeImagePulls: bool(true, 'serialize-image-pulls'),
  maxParallelImagePulls: intPointer(undefined, 'max-parallel-image-pulls'),
  evictionHard: map('eviction-hard', '<', defaultEvictionHard),
  evictionSoft: map('eviction-soft', '<'),
  evictionSoftGracePeriod: map('eviction-soft-grace-period'),
  evictionPressureTransitionPeriod: duration('5m0s', 'eviction-pressure-transition-period'),
  evictionMaxPodGracePeriod: int(undefined, 'eviction-max-pod-grace-period'),
  evictionMinimumReclaim: map('eviction-minimum-reclaim'),
  mergeDefaultEvictionSettings: bool(false),
  podsPerCore: int(undefined),
  enableControllerAttachDetach: bool(true),
  protectKernelDefaults: leaf(scalar('bool'), false, undefined),
  makeIPTablesUtilChains: bool(true),
  iptablesMasqueradeBit: intPointer(14),
  iptablesDropBit: intPointer(15),
  featureGates: leaf(mapOf(scalar('bool')), false, undefined, 'feature-gates'),
  failSwapOn: bool(true),
  memorySwap: group('MemorySwapConfiguration', { swapBehavior: text() }),
  containerLogMaxSize: text('10Mi', 'container-log-max-size'),
  containerLogMaxFiles: intPointer(5, 'container-log-max-files'),
  containerLogMaxWorkers: intPointer(1),
  containerLogMonitorInterval: leaf(scalar('duration', 'v1.Duration'), true, '10s'),
  configMapAndSecretChangeDetectionStrategy: text('Watch'),
  systemReserved: map('system-reserved'),
  kubeReserved: map('kube-reserved'),
  reservedSystemCPUs: text('', 'reserved-cpus'),
  showHiddenMetricsForVersion: text(),
  systemReservedCgroup: text('', 'system-reserved-cgroup'),
  kubeReservedCgroup: text('', 'kube-reserved-cgroup'),
  enforceNodeAllocatable: texts(['pods'], 'enforce-node-allocatable'),
  allowedUnsafeSysctls: texts(undefined, 'allowed-unsafe-sysctls'),
  volumePluginDir: text('/usr/libexec/kubernetes/kubelet-plugins/volume/exec/'),
  providerID: text(),
  kernelMemcgNotification: leaf(scalar('bool'), false, undefined),
  logging: group('LoggingConfiguration', {
    format: text('text'),
    // nanoseconds, or a duration's text
    flushFrequency: leaf(scalar('any', 'v1.TimeOrMetaDuration'), true, 5_000_000_000),
    verbosity: int(undefined),
    vmodule: leaf(listOf(scalar('any', 'v1.VModuleItem')), false, undefined),
    options: leaf(scalar('any', 'v1.FormatOptions'), true, {
      text: { infoBufferSize: '0' },
      json: { infoBufferSize: '0' },
    }),
  }),
  enableSystemLogHandler: configOnly(bool(true)),
  enableSystemLogQuery: bool(false),
  shutdownGracePeriod: configOnly(duration()),
  shutdownGracePeriodCriticalPods: configOnly(duration()),
  shutdownGracePeriodByPodPriority: configOnly(leaf(listOf(shutdownGracePeriod), false, undefined)),
  crashLoopBackOff: group('CrashLoopBackOffConfig', {
    maxContainerRestartPeriod: configOnly(leaf(scalar('duration', 'v1.Duration'), true, '5m0s')),
  }),
  reservedMemory: leaf(listOf(memoryReservation), false, undefined),
  enableProfilingHandler: configOnly(bool(true)),
  enableDebugFlagsHandler: configOnly(bool(true)),
  seccompDefault: bool(false),
  memoryThrottlingFactor: leaf(scalar('double', 'float64'), true, 0.9),
  registerWithTaints: configOnly(leaf(taints(), false, undefined)),
  registerNode: bool(true),
  tracing: leaf(scalar('any', 'v1.TracingConfiguration'), true, undefined),
  localStorageCapacityIsolation: bool(true),
  // the one runtime there is behind this kubelet
  containerRuntimeEndpoint: text('unix:///var/run/docker.sock', 'container-runtime-endpoint'),
  imageServiceEndpoint: text(),
  // upstream's is true; cgroup v1 is a first-class thing here
  failCgroupV1: bool(false),
  userNamespaces: leaf(scalar('any', 'v1beta1.UserNamespaces'), true, undefined),
}

/** Each value with where it is. */
export function* leaves(of: Fields = fields, path: readonly string[] = []): Generator<[readonly string[], Leaf]> {
  for (const [name, one] of Object.entries(of)) {
    if ('fields' in one) yield* leaves(one.fields, [...path, name])
    else yield [[...path, name], one]
  }
}

const entries = (of: Fields): Record<string, Entry> =>
  Object.fromEntries(
    Object.entries(of).map(([name, one]) => {
      if ('fields' in one) return [name, struct(one.goType, entries(one.fields))]
      return [name, one.pointer ? pointer(one.node) : one.node]
    }),
  )

/** The whole, for strict decoding. */
export const schema = document('v1beta1.KubeletConfiguration', entries(fields))
