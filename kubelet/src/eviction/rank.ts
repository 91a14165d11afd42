// Which Pod has to go first: pure. pkg/kubelet/eviction/helpers.go rankMemoryPressure, rankDiskPressureFunc, rankPIDPressure
import { podRequests } from '@kubets/shared/api/pod.ts'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { isLocalEphemeral, podTotal, type PodUsage } from '../stats/usage.ts'
import { signals, type Signal, type StarvedResource } from './thresholds.ts'

/** What is known of a Pod; undefined when nothing is. */
export type UsageOf = (pod: Pod) => PodUsage | undefined

type Compare = (a: Pod, b: Pod) => number

/** The Pods in the order in which they should go; `imagesApart` when images have a disk of their own. */
export function rank(pods: readonly Pod[], signal: Signal, usageOf: UsageOf, imagesApart: boolean): Pod[] {
  const { resource } = signals[signal]
  return pods.toSorted(ordered(comparisons(resource, usageOf, partsOf(signal, imagesApart))))
}

function comparisons(resource: StarvedResource, usageOf: UsageOf, parts: DiskParts): Compare[] {
  if (resource === 'pids') return [byPriority, byMost(usageOf, (_pod, usage) => podTotal(usage).processes)]
  if (resource === 'memory') {
    const used = (usage: PodUsage): number => podTotal(usage).memoryWorkingSetBytes
    return [
      exceedsFirst(usageOf, (pod, usage) => used(usage) > requested(pod, resource)),
      byPriority,
      byMost(usageOf, (pod, usage) => used(usage) - requested(pod, resource)),
    ]
  }
  const used = (pod: Pod, usage: PodUsage): number => diskUsed(pod, usage, resource, parts)
  return [
    // nobody can ask for inodes
    exceedsFirst(usageOf, (pod, usage) => used(pod, usage) > requested(pod, resource)),
    byPriority,
    // upstream takes the request for bytes off the inodes, too
    byMost(usageOf, (pod, usage) => used(pod, usage) - requested(pod, 'ephemeral-storage')),
  ]
}

function ordered(comparisons: readonly Compare[]): Compare {
  return (a, b) => comparisons.map((compare) => compare(a, b)).find((result) => result !== 0) ?? 0
}

const byPriority: Compare = (a, b) => (a.spec.priority ?? 0) - (b.spec.priority ?? 0)

// those of which nothing is known go first
function byMost(usageOf: UsageOf, amount: (pod: Pod, usage: PodUsage) => number): Compare {
  return (a, b) => {
    const [one, other] = [usageOf(a), usageOf(b)]
    if (!one || !other) return trueFirst(!one, !other)
    return amount(b, other) - amount(a, one)
  }
}

function exceedsFirst(usageOf: UsageOf, exceeds: (pod: Pod, usage: PodUsage) => boolean): Compare {
  return (a, b) => {
    const [one, other] = [usageOf(a), usageOf(b)]
    if (!one || !other) return trueFirst(!one, !other)
    return trueFirst(exceeds(a, one), exceeds(b, other))
  }
}

const trueFirst = (a: boolean, b: boolean): number => Number(b) - Number(a)

function requested(pod: Pod, resource: string): number {
  return podRequests(pod).get(resource)?.value() ?? 0
}

interface DiskParts {
  rootfs: boolean
  logs: boolean
  volumes: boolean
}

// buildSignalToRankFunc: what a Pod has on the disk that is full
function partsOf(signal: Signal, imagesApart: boolean): DiskParts {
  if (!imagesApart) return { rootfs: true, logs: true, volumes: true }
  const ofImages = signal.startsWith('imagefs.')
  return { rootfs: ofImages, logs: !ofImages, volumes: !ofImages }
}

// podDiskUsage
function diskUsed(pod: Pod, { sizes }: PodUsage, resource: StarvedResource, { rootfs, logs, volumes }: DiskParts) {
  const parts = [
    ...sizes.containers.flatMap((one) => [rootfs ? one.rootfs : undefined, logs ? one.logs : undefined]),
    ...(volumes ? sizes.volumes.filter(({ name }) => isLocalEphemeral(pod, name)) : []),
  ]
  return parts.reduce((sum, part) => sum + ((resource === 'inodes' ? part?.inodesUsed : part?.usedBytes) ?? 0), 0)
}
