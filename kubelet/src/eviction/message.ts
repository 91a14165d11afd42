// What is said of a Pod that has to go: pure. pkg/kubelet/eviction/helpers.go evictionMessage
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { parseQuantity, quantityOf } from '@kubets/shared/machinery/quantity.ts'
import { podTotal, type PodUsage } from '../stats/usage.ts'
import type { Observations } from './observations.ts'
import { amountOf, signals, type StarvedResource, type Threshold } from './thresholds.ts'

/** The message, and the annotations of the event. */
export function evictionMessage(
  resource: StarvedResource,
  pod: Pod,
  usage: PodUsage | undefined,
  thresholds: readonly Threshold[],
  observations: Observations,
): { message: string; annotations: Record<string, string> } {
  let message = `The node was low on resource: ${resource}. `
  const threshold = thresholds.find(({ signal }) => signals[signal].resource === resource && observations.has(signal))
  const seen = threshold && observations.get(threshold.signal)
  if (threshold && seen) {
    const quantity = amountOf(threshold.value, seen.capacity)
    message += `Threshold quantity: ${quantity}, available: ${seen.available}. `
  }
  if (!usage) return { message, annotations: {} }
  const annotations: Record<string, string> = {}
  const { name = '' } = pod.metadata
  const larger = `has larger consumption of ${resource}. `
  const ofPod = resource === 'memory' ? pod.spec.resources?.requests?.[resource] : undefined
  if (ofPod !== undefined) {
    const used = bytes(podTotal(usage).memoryWorkingSetBytes)
    message += `Pod ${name} was using ${used}, request is ${parseQuantity(ofPod)}, ${larger}`
    annotations['offending_pod'] = name
    annotations['offending_pod_usage'] = used
  }
  const offending = overRequest(resource, pod, usage)
  for (const one of offending)
    message += `Container ${one.name} was using ${one.used}, request is ${one.request}, ${larger}`
  annotations['offending_containers'] = offending.map((one) => one.name).join(',')
  annotations['offending_containers_usage'] = offending.map(({ used }) => used).join(',')
  annotations['starved_resource'] = resource
  return { message, annotations }
}

/** The containers that use more than they asked for. */
function overRequest(resource: StarvedResource, { spec }: Pod, usage: PodUsage) {
  const declared = [...spec.containers, ...(spec.initContainers ?? [])]
  return usage.containers.flatMap(({ name, containerId, memoryWorkingSetBytes }) => {
    const container = declared.find((one) => one.name === name)
    const { rootfs, logs } = usage.sizes.containers.find(({ id }) => id === containerId) ?? {}
    const disk = rootfs && logs && rootfs.usedBytes + logs.usedBytes
    const used = { memory: memoryWorkingSetBytes, 'ephemeral-storage': disk, inodes: undefined, pids: undefined }[
      resource
    ]
    if (!container || used === undefined) return []
    const request = parseQuantity(container.resources?.requests?.[resource] ?? '0')
    return quantityOf(used).cmp(request) > 0 ? [{ name, used: bytes(used), request: String(request) }] : []
  })
}

const bytes = (amount: number): string => quantityOf(amount, 'BinarySI').toString()
