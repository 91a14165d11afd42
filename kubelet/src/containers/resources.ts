import { containerTotals, podQOS } from '@kubets/shared/api/pod.ts'
import type { Container, Pod } from '@kubets/shared/api/types/core-v1.ts'
import { parseQuantity } from '@kubets/shared/machinery/quantity.ts'
import type { LinuxResources } from '../runtime/types.ts'

// pkg/kubelet/cm/helpers_linux.go
const minShares = 2
const maxShares = 262144
const sharesPerCpu = 1024
export const quotaPeriod = 100_000
const minQuotaPeriod = 1000

/** The relative weight of so many thousandths of a CPU. */
// helpers_linux.go MilliCPUToShares
export function cpuShares(milliCpu: number): number {
  return Math.min(maxShares, Math.max(minShares, Math.floor((milliCpu * sharesPerCpu) / 1000)))
}

/** Microseconds of CPU per period of 100 ms; 0 (unlimited) for no limit. */
// helpers_linux.go MilliCPUToQuota
export function cpuQuota(milliCpu: number): number {
  return milliCpu === 0 ? 0 : Math.max(minQuotaPeriod, Math.floor((milliCpu * quotaPeriod) / 1000))
}

/** How likely the kernel ends the container when memory runs out: -1000 never, 1000 first. */
// pkg/kubelet/qos/policy.go GetContainerOOMScoreAdjust
export function oomScoreAdj(pod: Pod, container: Container, nodeMemoryBytes: number): number {
  const guaranteed = -997
  // scheduling.SystemCriticalPriority
  if ((pod.spec.priority ?? 0) >= 2_000_000_000) return guaranteed
  const qos = podQOS(pod)
  if (qos === 'Guaranteed') return guaranteed
  if (qos === 'BestEffort') return 1000
  // a sidecar goes no sooner than those it is there for
  const requests = [memoryRequest(container), ...(isSidecarOf(pod, container) ? [smallestRequest(pod)] : [])]
  const request = Math.max(...requests) + unclaimedShare(pod)
  const score = 1000 - Math.floor((1000 * request) / nodeMemoryBytes)
  // stays above the guaranteed ones and below those without any request
  return Math.min(999, Math.max(1000 + guaranteed, score))
}

function memoryRequest({ resources }: Container): number {
  return parseQuantity(resources?.requests?.['memory'] ?? '0').value()
}

function isSidecarOf({ spec }: Pod, container: Container): boolean {
  return container.restartPolicy === 'Always' && (spec.initContainers ?? []).some(({ name }) => name === container.name)
}

// policy.go minRegularContainerMemory
function smallestRequest({ spec }: Pod): number {
  return Math.min(...spec.containers.map(memoryRequest))
}

/** Each container's part of the memory that the Pod as a whole asks for and no container does. */
// policy.go remainingPodMemReqPerContainer
function unclaimedShare({ spec }: Pod): number {
  const ofPod = parseQuantity(spec.resources?.requests?.['memory'] ?? '0').value()
  if (ofPod === 0) return 0
  const claimed = containerTotals(spec, 'requests').get('memory')?.value() ?? 0
  return Math.trunc((ofPod - claimed) / (spec.containers.length + (spec.initContainers?.length ?? 0)))
}

/** The container's cgroup settings. `nodeMemoryBytes` is the node's capacity; `unlimitedCpu`: it has CPUs of its own. */
export function linuxResources(
  pod: Pod,
  container: Container,
  nodeMemoryBytes: number,
  unlimitedCpu = false,
): LinuxResources {
  const { requests, limits: own } = container.resources ?? {}
  // kuberuntime_container_linux.go getCPULimit, getMemoryLimit: one without a limit of its own has the whole Pod's
  const ofPod = pod.spec.resources?.limits
  const limits = { cpu: own?.['cpu'] ?? ofPod?.['cpu'], memory: own?.['memory'] ?? ofPod?.['memory'] }
  const milli = (quantity: string | undefined): number => parseQuantity(quantity ?? '0').milliValue()
  return {
    cpuShares: cpuShares(milli(requests?.['cpu'] ?? limits.cpu)),
    cpuQuota: unlimitedCpu ? 0 : cpuQuota(milli(limits.cpu)),
    cpuPeriod: quotaPeriod,
    memoryLimit: parseQuantity(limits.memory ?? '0').value(),
    oomScoreAdj: oomScoreAdj(pod, container, nodeMemoryBytes),
  }
}
