// The answers to /metrics/resource and /metrics/cadvisor as Prometheus' text: pure.
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { RuntimeStats } from '../runtime/types.ts'
import type { PodSizes, VolumeSize } from './sizes.ts'
import { podTotal, type PodUsage, type Usage } from './usage.ts'

interface Sample {
  labels: Readonly<Record<string, string>>
  value: number
  /** Milliseconds since the epoch; undefined for now. */
  at?: number
}

interface Family {
  name: string
  help: string
  type: 'counter' | 'gauge'
  samples: readonly Sample[]
}

const seconds = (nanoSeconds: number): number => nanoSeconds / 1e9

/** What an autoscaler needs of containers, Pods and the node. */
// pkg/kubelet/metrics/collectors/resource_metrics.go
export function resourceMetrics(usage: Usage): string {
  const { node, time } = usage
  const ofContainers = (value: (one: RuntimeStats) => number): Sample[] =>
    usage.pods.flatMap((pod) =>
      pod.containers.map((one) => ({
        labels: { container: one.name, ...podLabels(pod) },
        value: value(one),
        at: one.timestamp,
      })),
    )
  const ofPods = (value: (total: ReturnType<typeof podTotal>) => number): Sample[] =>
    usage.pods.map((pod) => {
      const total = podTotal(pod)
      return { labels: podLabels(pod), value: value(total), at: total.timestamp }
    })
  const ofNode = (value: number): Sample[] => [{ labels: {}, value, at: time }]
  return text([
    {
      name: 'container_cpu_usage_seconds_total',
      help: '[STABLE] Cumulative cpu time consumed by the container in core-seconds',
      type: 'counter',
      samples: ofContainers((one) => seconds(one.cpuUsageNanoSeconds)),
    },
    {
      name: 'container_memory_working_set_bytes',
      help: '[STABLE] Current working set of the container in bytes',
      type: 'gauge',
      samples: ofContainers((one) => one.memoryWorkingSetBytes),
    },
    {
      name: 'container_start_time_seconds',
      help: '[STABLE] Start time of the container since unix epoch in seconds',
      type: 'gauge',
      samples: ofContainers((one) => one.startedAt / 1000),
    },
    {
      name: 'node_cpu_usage_seconds_total',
      help: '[STABLE] Cumulative cpu time consumed by the node in core-seconds',
      type: 'counter',
      samples: ofNode(seconds(node.cpuNanoSeconds)),
    },
    {
      name: 'node_memory_working_set_bytes',
      help: '[STABLE] Current working set of the node in bytes',
      type: 'gauge',
      samples: ofNode(node.memoryWorkingSetBytes),
    },
    {
      name: 'pod_cpu_usage_seconds_total',
      help: '[STABLE] Cumulative cpu time consumed by the pod in core-seconds',
      type: 'counter',
      samples: ofPods((total) => seconds(total.cpuUsageNanoSeconds)),
    },
    {
      name: 'pod_memory_working_set_bytes',
      help: '[STABLE] Current working set of the pod in bytes',
      type: 'gauge',
      samples: ofPods((total) => total.memoryWorkingSetBytes),
    },
    scrapeError(0),
  ])
}

/** The same when nothing could be measured. */
export function noResourceMetrics(): string {
  return text([scrapeError(1)])
}

function scrapeError(value: number): Family {
  const help = '[STABLE] 1 if there was an error while getting container metrics, 0 otherwise'
  return { name: 'resource_scrape_error', help, type: 'gauge', samples: [{ labels: {}, value }] }
}

/** How full the volumes of claims are, each once. */
// pkg/kubelet/metrics/collectors/volume_stats.go
export function volumeMetrics(pods: readonly { pod: Pod; sizes: PodSizes }[]): string {
  const claims = new Map<string, { labels: Sample['labels']; size: VolumeSize }>()
  for (const { pod, sizes } of pods) {
    const { namespace = '' } = pod.metadata
    for (const size of sizes.volumes) {
      const { claim } = size
      if (claim === undefined || claims.has(`${namespace}/${claim}`)) continue
      claims.set(`${namespace}/${claim}`, { labels: { namespace, persistentvolumeclaim: claim }, size })
    }
  }
  const family = (name: string, help: string, of: (size: VolumeSize) => number): Family => ({
    name: `kubelet_volume_stats_${name}`,
    help: `[ALPHA] ${help}`,
    type: 'gauge',
    samples: [...claims.values()].map(({ labels, size }) => ({ labels, value: of(size) })),
  })
  const all = [
    family('available_bytes', 'Number of available bytes in the volume', (one) => one.availableBytes),
    family('capacity_bytes', 'Capacity in bytes of the volume', (one) => one.capacityBytes),
    family('inodes', 'Maximum number of inodes in the volume', (one) => one.inodes),
    family('inodes_free', 'Number of free inodes in the volume', (one) => one.inodesFree),
    family('inodes_used', 'Number of used inodes in the volume', (one) => one.inodesUsed),
    family('used_bytes', 'Number of used bytes in the volume', (one) => one.usedBytes),
  ]
  return claims.size === 0 ? '' : text(all)
}

/** What dashboards ask of containers; names, labels and helps are cAdvisor's. */
// google/cadvisor metrics/prometheus.go, pkg/kubelet/server/server.go containerPrometheusLabelsFunc
export function cadvisorMetrics(usage: Usage): string {
  const all = usage.pods.flatMap((pod) =>
    [...pod.containers, ...(pod.sandbox ? [pod.sandbox] : [])].map((one) => ({ one, labels: labelsOf(pod, one) })),
  )
  const each = (value: (one: RuntimeStats) => number): Sample[] =>
    all.map(({ one, labels }) => ({ labels, value: value(one), at: one.timestamp }))
  const interfaces = (value: (one: RuntimeStats['network'][number]) => number): Sample[] =>
    all.flatMap(({ one, labels }) =>
      one.network.map((net) => ({ labels: { ...labels, interface: net.name }, value: value(net), at: one.timestamp })),
    )
  const family = (name: string, type: Family['type'], help: string, samples: Sample[]): Family => {
    return { name, help, type, samples }
  }
  return text([
    family('container_cpu_usage_seconds_total', 'counter', 'Cumulative cpu time consumed in seconds.', [
      ...each((one) => seconds(one.cpuUsageNanoSeconds)).map((sample) => ({
        ...sample,
        labels: { ...sample.labels, cpu: 'total' },
      })),
    ]),
    family(
      'container_memory_usage_bytes',
      'gauge',
      'Current memory usage in bytes, including all memory regardless of when it was accessed',
      each((one) => one.memoryUsageBytes),
    ),
    family(
      'container_memory_working_set_bytes',
      'gauge',
      'Current working set in bytes.',
      each((one) => one.memoryWorkingSetBytes),
    ),
    family(
      'container_memory_rss',
      'gauge',
      'Size of RSS in bytes.',
      each((one) => one.memoryRssBytes),
    ),
    family(
      'container_network_receive_bytes_total',
      'counter',
      'Cumulative count of bytes received',
      interfaces((net) => net.rxBytes),
    ),
    family(
      'container_network_receive_errors_total',
      'counter',
      'Cumulative count of errors encountered while receiving',
      interfaces((net) => net.rxErrors),
    ),
    family(
      'container_network_transmit_bytes_total',
      'counter',
      'Cumulative count of bytes transmitted',
      interfaces((net) => net.txBytes),
    ),
    family(
      'container_network_transmit_errors_total',
      'counter',
      'Cumulative count of errors encountered while transmitting',
      interfaces((net) => net.txErrors),
    ),
    family(
      'container_processes',
      'gauge',
      'Number of processes running inside the container.',
      each((one) => one.processes),
    ),
    family(
      'container_start_time_seconds',
      'gauge',
      'Start time of the container since unix epoch in seconds.',
      each((one) => one.startedAt / 1000),
    ),
    family('machine_cpu_cores', 'gauge', 'Number of logical CPU cores.', [{ labels: {}, value: usage.cpus }]),
    family('machine_memory_bytes', 'gauge', 'Amount of memory installed on the machine.', [
      { labels: {}, value: usage.memoryCapacityBytes },
    ]),
  ])
}

function podLabels({ pod: { metadata } }: PodUsage) {
  return { namespace: metadata.namespace ?? '', pod: metadata.name ?? '' }
}

function labelsOf(pod: PodUsage, one: RuntimeStats): Record<string, string> {
  const { name, containerId, image, isSandbox } = one
  return {
    container: isSandbox ? 'POD' : name,
    id: `/docker/${containerId}`,
    image,
    name: one.runtimeName,
    ...podLabels(pod),
  }
}

function text(families: readonly Family[]): string {
  return families
    .filter(({ samples }) => samples.length > 0)
    .map(({ name, help, type, samples }) => {
      const lines = samples.map(({ labels, value, at }) => {
        const pairs = Object.entries(labels).map(([key, word]) => `${key}="${escaped(word)}"`)
        const set = pairs.length > 0 ? `{${pairs.toSorted().join(',')}}` : ''
        return `${name}${set} ${value}${at === undefined ? '' : ` ${at}`}\n`
      })
      return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`
    })
    .join('')
}

const escaped = (word: string): string => word.replace(/[\\"\n]/g, (one) => (one === '\n' ? '\\n' : `\\${one}`))
