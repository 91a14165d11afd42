// What the cgroups of the node, of the QoS classes and of Pods are called and given: pure.
import { isHugePages } from '@kubets/shared/api/kinds/quantities.ts'
import { podLimits, podQOS, podRequests } from '@kubets/shared/api/pod.ts'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { parseQuantity, type Quantity } from '@kubets/shared/machinery/quantity.ts'
import { cpuQuota, cpuShares, quotaPeriod } from '../containers/resources.ts'
import type { CgroupSettings } from './settings.ts'

/** Where the Pods of a QoS class are, below the cgroup of all Pods. */
// pkg/kubelet/cm/qos_container_manager_linux.go Start
export const qosFolders = { Guaranteed: '', Burstable: 'burstable', BestEffort: 'besteffort' } as const

/** A Pod's place below the cgroup of all Pods. */
// pkg/kubelet/cm/pod_container_manager_linux.go GetPodContainerName
export function podFolder(pod: Pod): string {
  return podFolders(pod.metadata.uid ?? '')[podQOS(pod)]
}

/** Where a Pod with this uid may be, for each class. */
export function podFolders(uid: string): Record<keyof typeof qosFolders, string> {
  return { Guaranteed: `pod${uid}`, Burstable: `burstable/pod${uid}`, BestEffort: `besteffort/pod${uid}` }
}

/**
 * What a Pod as a whole may use. What not all of its containers are limited in, the Pod is not. Of huge pages it has what
 * it asks for, which is none of most of the machine's sizes. `unlimitedCpu`: it has CPUs of its own.
 */
// pkg/kubelet/cm/helpers_linux.go ResourceConfigForPod
export function podSettings(
  pod: Pod,
  pidsLimit: number,
  pageSizes: readonly string[] = [],
  unlimitedCpu = false,
): CgroupSettings {
  const limits = podLimits(pod)
  const requests = podRequests(pod)
  const hugePages = pageSizes.map((size): [string, number] => [size, requests.get(`hugepages-${size}`)?.value() ?? 0])
  const qos = podQOS(pod)
  const limited = (name: string): boolean => qos === 'Guaranteed' || (qos === 'Burstable' && allLimited(pod, name))
  const quota = !unlimitedCpu && limited('cpu') ? cpuQuota(limits.get('cpu')?.milliValue() ?? 0) : 0
  const memory = limited('memory') ? (limits.get('memory')?.value() ?? 0) : 0
  return {
    cpuShares: qos === 'BestEffort' ? cpuShares(0) : cpuShares(requests.get('cpu')?.milliValue() ?? 0),
    ...(quota > 0 ? { cpuQuota: quota, cpuPeriod: quotaPeriod } : {}),
    ...(memory > 0 ? { memoryLimit: memory } : {}),
    ...(pidsLimit > 0 ? { pidsLimit } : {}),
    ...(hugePages.length > 0 ? { hugePages: Object.fromEntries(hugePages) } : {}),
  }
}

function allLimited({ spec }: Pod, name: string): boolean {
  const limits = (holder: { resources?: { limits?: Record<string, string> } }): boolean =>
    !parseQuantity(holder.resources?.limits?.[name] ?? '0').isZero
  return limits(spec) || [...spec.containers, ...(spec.initContainers ?? [])].every(limits)
}

/** What the classes weigh while these Pods are there: the burstable ones as much as they ask for together. */
// pkg/kubelet/cm/qos_container_manager_linux.go setCPUCgroupConfig
export function qosSettings(pods: readonly Pod[]): { Burstable: CgroupSettings; BestEffort: CgroupSettings } {
  const asked = pods
    .filter((pod) => podQOS(pod) === 'Burstable')
    .reduce((sum, pod) => sum + (podRequests(pod).get('cpu')?.milliValue() ?? 0), 0)
  return { Burstable: { cpuShares: cpuShares(asked) }, BestEffort: { cpuShares: cpuShares(0) } }
}

/** What a cgroup may use that is given these amounts. Of CPU it has a weight, but no limit. */
// pkg/kubelet/cm/node_container_manager_linux.go getCgroupConfig, getCgroupConfigCompressible
export function settingsOf(amounts: ReadonlyMap<string, Quantity>, compressibleOnly = false): CgroupSettings {
  const [cpu, memory, pids] = ['cpu', 'memory', 'pid'].map((name) => amounts.get(name))
  const hugePages = [...amounts].filter(([name]) => isHugePages(name))
  const pages = hugePages.map(([name, amount]): [string, number] => [name.slice('hugepages-'.length), amount.value()])
  const weight = cpu ? { cpuShares: cpuShares(cpu.milliValue()) } : {}
  if (compressibleOnly) return weight
  return {
    ...weight,
    ...(memory ? { memoryLimit: memory.value() } : {}),
    ...(pids ? { pidsLimit: pids.value() } : {}),
    ...(pages.length > 0 ? { hugePages: Object.fromEntries(pages) } : {}),
  }
}
