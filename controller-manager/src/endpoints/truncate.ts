import type { EndpointAddress, EndpointSubset } from '@kubets/shared/api/types/core-v1.ts'

// The most addresses one Endpoints object may hold; pkg/controller/endpoint/endpoints_controller.go maxCapacity
const capacity = 1000

const count = (subsets: readonly EndpointSubset[], field: 'addresses' | 'notReadyAddresses'): number =>
  subsets.reduce((sum, subset) => sum + (subset[field]?.length ?? 0), 0)

// Every subset keeps its share; what rounding leaves goes to the first ones.
const shares = (sizes: readonly number[], allowed: number): number[] => {
  const total = sizes.reduce((sum, size) => sum + size, 0)
  if (total <= allowed) return [...sizes]
  const result = sizes.map((size) => Math.floor((size * allowed) / total))
  let left = allowed - result.reduce((sum, size) => sum + size, 0)
  return result.map((size, index) => {
    const extra = Math.min(left, (sizes[index] ?? 0) - size)
    left -= extra
    return size + extra
  })
}

const cut = (addresses: EndpointAddress[] | undefined, size: number | undefined): EndpointAddress[] =>
  (addresses ?? []).slice(0, size ?? 0)

/** At most a thousand addresses, ready ones first, every subset cut in proportion. */
// pkg/controller/endpoint/endpoints_controller.go truncateEndpoints
export const truncate = (subsets: EndpointSubset[]): { subsets: EndpointSubset[]; truncated: boolean } => {
  const ready = count(subsets, 'addresses')
  if (ready + count(subsets, 'notReadyAddresses') <= capacity) return { subsets, truncated: false }
  const readyShares = shares(
    subsets.map((subset) => subset.addresses?.length ?? 0),
    capacity,
  )
  const otherShares = shares(
    subsets.map((subset) => subset.notReadyAddresses?.length ?? 0),
    Math.max(0, capacity - ready),
  )
  const kept = subsets.map((subset, index) => {
    const addresses = cut(subset.addresses, readyShares[index])
    const notReadyAddresses = cut(subset.notReadyAddresses, otherShares[index])
    return {
      ...(addresses.length > 0 ? { addresses } : {}),
      ...(notReadyAddresses.length > 0 ? { notReadyAddresses } : {}),
      ...(subset.ports ? { ports: subset.ports } : {}),
    }
  })
  return { subsets: kept.filter((subset) => subset.addresses ?? subset.notReadyAddresses), truncated: true }
}
