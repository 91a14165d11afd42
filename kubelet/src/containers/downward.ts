// Values of the downward API, for variables and files. pkg/fieldpath/fieldpath.go, pkg/api/v1/resource/helpers.go
import type { Container, Pod, ResourceFieldSelector } from '@kubets/shared/api/types/core-v1.ts'
import { parseQuantity } from '@kubets/shared/machinery/quantity.ts'

/** What a Pod knows only at its start. */
export interface PodAddresses {
  podIPs: readonly string[]
  hostIPs: readonly string[]
}

/** What a container gets that sets no limit of its own. */
export interface NodeAllocatable {
  cpu: string
  memory: string
  'ephemeral-storage': string
}

/** The value of a fieldRef. Throws an Error on a path that is not offered. */
export function fieldValue(pod: Pod, path: string, addresses: PodAddresses): string {
  const subscript = /^metadata\.(labels|annotations)\['(.*)'\]$/.exec(path)
  if (subscript) {
    const map = subscript[1] === 'labels' ? pod.metadata.labels : pod.metadata.annotations
    return map?.[subscript[2] ?? ''] ?? ''
  }
  const read = fields[path]
  if (!read) throw new Error(`unsupported fieldPath: ${path}`)
  return read(pod, addresses)
}

const fields: Readonly<Record<string, (pod: Pod, addresses: PodAddresses) => string>> = {
  'metadata.name': (pod) => pod.metadata.name ?? '',
  'metadata.namespace': (pod) => pod.metadata.namespace ?? '',
  'metadata.uid': (pod) => pod.metadata.uid ?? '',
  'metadata.labels': (pod) => formatMap(pod.metadata.labels),
  'metadata.annotations': (pod) => formatMap(pod.metadata.annotations),
  'spec.nodeName': (pod) => pod.spec.nodeName ?? '',
  'spec.serviceAccountName': (pod) => pod.spec.serviceAccountName ?? '',
  'status.hostIP': (_, { hostIPs }) => hostIPs[0] ?? '',
  'status.hostIPs': (_, { hostIPs }) => hostIPs.join(','),
  'status.podIP': (_, { podIPs }) => podIPs[0] ?? '',
  'status.podIPs': (_, { podIPs }) => podIPs.join(','),
}

// fieldpath.go FormatMap: one key="value" a line, sorted, the value as Go quotes it
function formatMap(map: Readonly<Record<string, string>> | undefined): string {
  return Object.entries(map ?? {})
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join('\n')
}

/** The value of a resourceFieldRef, rounded up to units of its divisor. */
export function resourceValue(container: Container, selector: ResourceFieldSelector, node: NodeAllocatable): string {
  const match = /^(limits|requests)\.(.+)$/.exec(selector.resource)
  if (!match) throw new Error(`unsupported container resource : ${selector.resource}`)
  const [, side, resource = ''] = match
  const limit = container.resources?.limits?.[resource] ?? node[resource as keyof NodeAllocatable]
  const quantity = side === 'limits' ? limit : (container.resources?.requests?.[resource] ?? '0')
  if (quantity === undefined) throw new Error(`unsupported container resource : ${selector.resource}`)
  const divisor = selector.divisor && selector.divisor !== '0' ? selector.divisor : '1'
  const value = parseQuantity(quantity).milliValue() / parseQuantity(divisor).milliValue()
  return String(Math.ceil(value))
}
