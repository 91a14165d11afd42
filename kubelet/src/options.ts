import os from 'node:os'
import type { Taint } from '@kubets/shared/api/types/core-v1.ts'
import { parseQuantity } from '@kubets/shared/machinery/quantity.ts'
import {
  boolean,
  duration,
  integer,
  list,
  optionalText,
  parseDuration,
  port,
  text,
  type FlagValues,
} from '@kubets/shared/process/options.ts'
import { defaultEvictionHard, parseThresholds, readPairs } from './eviction/thresholds.ts'
import { maxBackOffSeconds } from './pods/backoff.ts'
import type { ShutdownPeriod } from './shutdown/plan.ts'

/** Amounts of resources that may be kept from Pods: cpu=200m,memory=1Gi. */
// cmd/kubelet/app/server.go parseResourceList
const reserved = (help: string) => ({
  help: `${help}, as cpu=200m,memory=500Mi,ephemeral-storage=1Gi,pid=1000`,
  default: {} as Readonly<Record<string, string>>,
  parse: (value: string): Readonly<Record<string, string>> =>
    Object.fromEntries(
      value
        .split(',')
        .filter((pair) => pair !== '')
        .map((pair) => {
          const [name = '', amount] = pair.split('=').map((part) => part.trim())
          if (amount === undefined) throw new Error('malformed pair, expect string=string')
          if (!reservable.includes(name)) throw new Error(`cannot reserve "${name}" resource`)
          if (parseQuantity(amount).sign < 0) {
            throw new Error(`resource quantity for "${name}" cannot be negative: ${amount}`)
          }
          return [name, amount]
        }),
    ),
})
/** How many bytes a log file may have; any number if negative. pkg/kubelet/logs/container_log_manager.go parseMaxSize */
const logSize = (help: string, fallback: number) => ({
  help,
  default: fallback,
  parse: (value: string): number => {
    const bytes = parseQuantity(value).value()
    if (bytes === 0) throw new Error('must not be 0')
    return bytes
  },
})
/** Whether features are on, by the names of their gates. component-base/cli/flag/map_string_bool.go */
const gates = (help: string) => ({
  help,
  default: {} as Readonly<Record<string, boolean>>,
  parse: (value: string): Readonly<Record<string, boolean>> =>
    Object.fromEntries(
      value
        .split(',')
        .filter((pair) => pair !== '')
        .map((pair) => {
          const [name = '', ...rest] = pair.split('=').map((part) => part.trim())
          const said = rest.join('=')
          if (rest.length === 0) throw new Error(`malformed pair, expect string=bool`)
          if (!truths.test(said)) throw new Error(`invalid value of ${name}: ${said}, err: must be true or false`)
          return [name, /^[1t]/i.test(said)]
        }),
    ),
})
const truths = /^([01tTfF]|true|TRUE|True|false|FALSE|False)$/
const reservable = ['cpu', 'memory', 'ephemeral-storage', 'pid']

const defaultHard = Object.entries(defaultEvictionHard).map(([signal, value]) => `${signal}<${value}`)

/** The kubelet's flags, with upstream's names. cmd/kubelet/app/options */
export const flags = {
  config: optionalText('KubeletConfiguration file; what a flag says wins over it'),
  'config-dir': optionalText('folder of *.conf files that are merged over the configuration file, by name'),
  kubeconfig: optionalText(
    'kubeconfig file by which the API server is reached; without one there are static Pods alone',
  ),
  'hostname-override': text('name of the node', os.hostname().toLowerCase()),
  'feature-gates': gates('which features are on or off, as NAME=true,NAME=false'),
  'node-ip': list('addresses of the node; the one of the default route if empty', []),
  'root-dir': text('folder for volumes and state', '/var/lib/kubelet'),
  'container-runtime-endpoint': text("Docker's socket", 'unix:///var/run/docker.sock'),
  'pod-infra-container-image': text('image of the container that holds a Pod together', 'kubets/pause:1'),
  'tls-cert-file': optionalText("file with the server's certificate"),
  'tls-private-key-file': optionalText("file with the server's key"),
  'client-ca-file': optionalText('file with the authority whose clients may connect'),
  address: text('address of the HTTPS server', '0.0.0.0'),
  port: port('port of the HTTPS server', 10250),
  'healthz-bind-address': text('address of /healthz', '127.0.0.1'),
  'healthz-port': port('port of /healthz; 0 for none', 10248),
  'cluster-dns': list('addresses of the cluster DNS', []),
  'cluster-domain': text('domain of the cluster', 'cluster.local'),
  'max-pods': integer('how many Pods this node takes', 110, 1),
  'pod-cidr': optionalText("addresses of this node's Pods, when the API server assigns none"),
  'non-masquerade-cidr': text('addresses of all Pods of the cluster', '10.244.0.0/16'),
  'allowed-unsafe-sysctls': list(
    'kernel settings that Pods may have beside the safe ones; * at the end for a group',
    [],
  ),
  'image-gc-high-threshold': integer('how full the disk may be, in percent, before unused images go', 85, 0, 100),
  'image-gc-low-threshold': integer('how full the disk is, in percent, when no more of them have to go', 80, 0, 100),
  'minimum-image-ttl-duration': duration('for how long an image is known before it may go', 2 * 60_000),
  'serialize-image-pulls': boolean('pull one image at a time', true),
  'max-parallel-image-pulls': integer('how many images may be pulled at a time otherwise; 0 for any number', 0),
  'minimum-container-ttl-duration': duration('how old a dead container is before it may go', 0),
  'maximum-dead-containers-per-container': integer('how many dead instances of a container stay; -1 for all', 1, -1),
  'maximum-dead-containers': integer('how many dead containers stay on the node; -1 for all', -1, -1),
  'container-log-max-size': logSize("how large a file of a container's log may be; any size if negative", 10 << 20),
  'container-log-max-files': integer('how many files of its log a container may have', 5, 2),
  'image-credential-provider-config': text('file or folder that says which programs know credentials for images', ''),
  'image-credential-provider-bin-dir': text('folder of those programs', ''),
  'volume-stats-agg-period': duration('how often the sizes of volumes are measured', 60_000),
  'cgroups-per-qos': boolean('give QoS classes and Pods cgroups of their own', true),
  'cgroup-root': optionalText('cgroup below which those of Pods are made; the root if empty'),
  'cpu-manager-policy': text(
    'who gets CPUs of their own: none, or static for guaranteed Pods that ask for whole ones',
    'none',
  ),
  'cpu-manager-policy-options': list('how that is done: full-pcpus-only=true, strict-cpu-reservation=true', []),
  'cpu-manager-reconcile-period': duration('how often containers are brought to the CPUs they should be on', 10_000),
  'reserved-cpus': text('CPUs that are kept for the system, as 0-1,4; instead of an amount of them', ''),
  'pod-max-pids': integer('how many processes a Pod may have; any number if negative', -1, -1),
  'kube-reserved': reserved("what is kept for Kubernetes' own programs"),
  'system-reserved': reserved('what is kept for the rest of the machine'),
  'kube-reserved-cgroup': optionalText("cgroup of Kubernetes' own programs"),
  'system-reserved-cgroup': optionalText('cgroup of the rest of the machine'),
  'enforce-node-allocatable': list(
    'whom the kernel holds to what is for them: none, pods, system-reserved, kube-reserved; the latter two also with -compressible',
    ['pods'],
  ),
  'pod-manifest-path': optionalText('file or folder of the manifests of static Pods'),
  'file-check-frequency': duration('how often manifests are read, besides when they change', 20_000),
  'manifest-url': optionalText('URL of the manifest of static Pods'),
  'manifest-url-header': list('what the URL is asked with: NAME:VALUE', []),
  'http-check-frequency': duration('how often the URL is asked', 20_000),
  'eviction-hard': list('below which amounts Pods are ended at once', defaultHard),
  'eviction-soft': list('below which amounts they are ended after a while', []),
  'eviction-soft-grace-period': list('for how long these may last, by signal', []),
  'eviction-minimum-reclaim': list('how much more there has to be before it is enough, by signal', []),
  'eviction-max-pod-grace-period': integer("the longest grace in seconds at a soft threshold; 0 for the Pod's own", 0),
  'eviction-pressure-transition-period': duration("for how long the node's condition outlasts its reason", 300_000),
  cleanup: boolean('remove everything this node has in Docker and in the kernel, and end', false),
}

export type Options = ReturnType<typeof toOptions>

/** The flags as one object, with what only the configuration says. */
export function toOptions(values: FlagValues<typeof flags>, configuration: Readonly<Record<string, unknown>>) {
  const time = (name: string): number => parseDuration(String(configuration[name] ?? '0s'))
  return {
    registerWithTaints: (configuration['registerWithTaints'] as Taint[] | undefined) ?? [],
    kubeconfig: values.kubeconfig,
    nodeName: values['hostname-override'],
    // those of the flag are in it
    featureGates: (configuration['featureGates'] ?? {}) as Readonly<Record<string, boolean>>,
    nodeIps: values['node-ip'],
    rootDir: values['root-dir'],
    endpoint: values['container-runtime-endpoint'],
    infraImage: values['pod-infra-container-image'],
    certFile: values['tls-cert-file'],
    keyFile: values['tls-private-key-file'],
    clientCaFile: values['client-ca-file'],
    address: values.address,
    port: values.port,
    healthzAddress: values['healthz-bind-address'],
    healthzPort: values['healthz-port'],
    clusterDns: values['cluster-dns'],
    clusterDomain: values['cluster-domain'],
    maxPods: values['max-pods'],
    podCidr: values['pod-cidr'],
    clusterCidr: values['non-masquerade-cidr'],
    allowedUnsafeSysctls: values['allowed-unsafe-sysctls'],
    imageGc: {
      highPercent: values['image-gc-high-threshold'],
      lowPercent: values['image-gc-low-threshold'],
      minAgeMs: values['minimum-image-ttl-duration'],
      maxAgeMs: time('imageMaximumGCAge'),
    },
    credentialProviders: {
      config: values['image-credential-provider-config'],
      folder: values['image-credential-provider-bin-dir'],
    },
    imageVerification: {
      policy: String(configuration['imagePullCredentialsVerificationPolicy'] ?? ''),
      allowlist: (configuration['preloadedImagesVerificationAllowlist'] as string[] | undefined) ?? [],
    },
    pullsAtOnce: values['serialize-image-pulls'] ? 1 : values['max-parallel-image-pulls'] || Infinity,
    containerGc: {
      minAgeMs: values['minimum-container-ttl-duration'],
      maxPerContainer: values['maximum-dead-containers-per-container'],
      maxContainers: values['maximum-dead-containers'],
    },
    logFiles: { maxBytes: values['container-log-max-size'], maxFiles: values['container-log-max-files'] },
    volumeStatsPeriodMs: values['volume-stats-agg-period'],
    cgroupsPerQos: values['cgroups-per-qos'],
    cgroupRoot: values['cgroup-root'] ?? '',
    cpuManager: {
      policy: values['cpu-manager-policy'],
      policyOptions: readPairs(values['cpu-manager-policy-options'], '='),
      reconcileMs: values['cpu-manager-reconcile-period'],
    },
    reservedCpus: values['reserved-cpus'],
    podMaxPids: values['pod-max-pids'],
    maxContainerRestartMs: maxContainerRestart(configuration['crashLoopBackOff']),
    kubeReserved: values['kube-reserved'],
    systemReserved: values['system-reserved'],
    kubeReservedCgroup: values['kube-reserved-cgroup'],
    systemReservedCgroup: values['system-reserved-cgroup'],
    enforceNodeAllocatable: values['enforce-node-allocatable'],
    staticPodPath: values['pod-manifest-path'],
    fileCheckMs: values['file-check-frequency'],
    staticPodUrl: values['manifest-url'],
    staticPodUrlHeader: headers(values['manifest-url-header']),
    httpCheckMs: values['http-check-frequency'],
    eviction: {
      thresholds: parseThresholds({
        hard: readPairs(values['eviction-hard'], '<'),
        soft: readPairs(values['eviction-soft'], '<'),
        softGracePeriod: readPairs(values['eviction-soft-grace-period'], '='),
        minimumReclaim: readPairs(values['eviction-minimum-reclaim'], '='),
      }),
      maxPodGraceSeconds: values['eviction-max-pod-grace-period'],
      transitionMs: values['eviction-pressure-transition-period'],
    },
    shutdown: {
      gracePeriodMs: time('shutdownGracePeriod'),
      criticalPodsMs: time('shutdownGracePeriodCriticalPods'),
      byPodPriority: shutdownPeriodsIn(configuration['shutdownGracePeriodByPodPriority']),
    },
    handlers: {
      enableDebuggingHandlers: configuration['enableDebuggingHandlers'] !== false,
      enableSystemLogHandler: configuration['enableSystemLogHandler'] !== false,
      enableProfilingHandler: configuration['enableProfilingHandler'] !== false,
      enableDebugFlagsHandler: configuration['enableDebugFlagsHandler'] !== false,
    },
    cleanup: values.cleanup,
  }
}

// as they are decoded: what is not said is zero
function shutdownPeriodsIn(said: unknown): ShutdownPeriod[] {
  const periods = (said ?? []) as readonly Partial<ShutdownPeriod>[]
  return periods.map(({ priority = 0, shutdownGracePeriodSeconds = 0 }) => ({ priority, shutdownGracePeriodSeconds }))
}

function maxContainerRestart(said: unknown): number {
  const { maxContainerRestartPeriod } = (said ?? {}) as { maxContainerRestartPeriod?: string }
  return maxContainerRestartPeriod === undefined ? maxBackOffSeconds * 1000 : parseDuration(maxContainerRestartPeriod)
}

/** Values by header name. component-base/cli/flag/colon_separated_multimap_string_string.go */
function headers(pairs: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const all = new Map<string, string[]>()
  for (const pair of pairs) {
    const at = pair.indexOf(':')
    if (at < 1) throw new Error(`malformed pair, expect string:string: ${pair}`)
    const [name, value] = [pair.slice(0, at).trim(), pair.slice(at + 1).trim()]
    all.set(name, [...(all.get(name) ?? []), value])
  }
  return all
}
