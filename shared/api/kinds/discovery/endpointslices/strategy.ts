import { deepEqual } from '../../../../machinery/deep.ts'
import type { Endpoint, EndpointSlice } from '../../../types/discovery-v1.ts'

const hostname = 'kubernetes.io/hostname'

// pkg/registry/discovery/endpointslice/strategy.go PrepareForCreate
export function prepareForCreate(slice: EndpointSlice): void {
  dropTopology(slice)
}

// pkg/registry/discovery/endpointslice/strategy.go PrepareForUpdate: labels count, as they say whose slice it is
export function prepareForUpdate(slice: EndpointSlice, old: EndpointSlice): void {
  if (!deepEqual(slice.metadata.labels ?? {}, old.metadata.labels ?? {}))
    slice.metadata.generation = (old.metadata.generation ?? 0) + 1
  dropTopology(slice, old)
}

// pkg/registry/discovery/endpointslice/strategy.go dropTopologyOnV1: a field of v1beta1, kept while nobody changes it
function dropTopology(slice: EndpointSlice, old?: EndpointSlice): void {
  if (old && deepEqual(slice.endpoints, old.endpoints)) return
  const known = new Set((old?.endpoints ?? []).map((endpoint) => endpoint.deprecatedTopology?.[hostname]))
  for (const endpoint of slice.endpoints ?? []) {
    const node = endpoint.deprecatedTopology?.[hostname]
    if (node !== undefined && known.has(node)) (endpoint as Endpoint).nodeName ??= node
    delete endpoint.deprecatedTopology
  }
}
