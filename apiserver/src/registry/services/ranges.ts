import type { ServiceCIDR } from '@kubets/shared/api/types/networking-v1.ts'
import { parseRange, type Range } from '@kubets/shared/machinery/addresses.ts'
import type { Storage } from '../../storage/storage.ts'
import type { Resource } from '../../storage/types.ts'

const serviceCIDRs: Resource = { group: 'networking.k8s.io', plural: 'servicecidrs' }

/**
 * The ranges that cluster IPs are given from: those of every ServiceCIDR that is ready and stays. Before the first of a
 * family exists, those of the flags.
 */
// pkg/registry/core/service/ipallocator/cidrallocator.go syncAllocators
export function openRanges(storage: Storage, ofFlags: readonly Range[]): Range[] {
  const known = [...storage.resource(serviceCIDRs).under()].map(({ object }) => object as ServiceCIDR)
  const rangesOf = (all: readonly ServiceCIDR[]): Range[] =>
    all.flatMap(({ spec }) => (spec?.cidrs ?? []).map(parseRange))
  const all = rangesOf(known)
  const missing = ofFlags.filter(({ family }) => !all.some((range) => range.family === family))
  return [...rangesOf(known.filter(isOpen)), ...missing]
}

// without a controller manager there are no conditions
function isOpen({ metadata, status }: ServiceCIDR): boolean {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready')
  return metadata.deletionTimestamp === undefined && (ready === undefined || ready.status === 'True')
}
