import type {
  CapacityRequirements,
  DeviceRequest,
  DeviceSelector,
  DeviceToleration,
  ResourceClaim,
} from '@kubets/shared/api/types/resource-v1.ts'

/** One way to satisfy a request. */
export interface Choice {
  /** "request", or "request/subrequest". */
  readonly name: string
  /** Its own name in messages. */
  readonly shortName: string
  /** The request that it is a way to satisfy. */
  readonly requestName: string
  readonly deviceClassName: string
  readonly selectors: readonly DeviceSelector[]
  readonly allocationMode: string
  readonly count: number
  readonly adminAccess: boolean
  readonly tolerations: readonly DeviceToleration[]
  readonly capacity: CapacityRequirements | undefined
}

/** The ways to satisfy a request, the best first; none: of a kind that is not known. */
// dynamic-resource-allocation/structured/internal/incubating/allocator_incubating.go requestAccessor
export function choicesOf({ name, exactly, firstAvailable = [] }: DeviceRequest): Choice[] {
  const choices = exactly
    ? [{ ...exactly, name, shortName: name }]
    : firstAvailable.map((one) => ({ ...one, name: `${name}/${one.name}`, shortName: one.name, adminAccess: false }))
  return choices.map((one) => ({
    name: one.name,
    shortName: one.shortName,
    requestName: name,
    deviceClassName: one.deviceClassName,
    selectors: one.selectors ?? [],
    allocationMode: one.allocationMode ?? 'ExactCount',
    count: one.count ?? 1,
    adminAccess: one.adminAccess ?? false,
    tolerations: one.tolerations ?? [],
    capacity: one.capacity,
  }))
}

/** The requests of a claim. */
export const requestsOf = ({ spec }: ResourceClaim): readonly DeviceRequest[] => spec.devices.requests ?? []

/** Whether a list of requests means this choice; an empty one means all. */
export const concerns = (requests: readonly string[] | undefined, { name, requestName }: Choice): boolean =>
  !requests?.length || requests.includes(name) || requests.includes(requestName)
