import { deepEqual } from '@kubets/shared/machinery/deep.ts'
import type { NodeSelector, NodeSelectorRequirement } from '@kubets/shared/api/types/core-v1.ts'
import type {
  AllocationResult,
  DeviceAllocationConfiguration,
  DeviceClass,
  DeviceRequestAllocationResult,
  ResourceClaim,
} from '@kubets/shared/api/types/resource-v1.ts'
import type { Amounts } from './capacity.ts'
import type { Candidate } from './pools.ts'
import type { Choice } from './requests.ts'

/** A device for a request. */
export interface Picked {
  readonly choice: Choice
  readonly candidate: Candidate
  /** What it gives, of a device for many. */
  readonly amounts: Amounts | undefined
}

/** How each request of a claim is satisfied, with its class. */
export interface Chosen {
  readonly choice: Choice
  readonly deviceClass: DeviceClass
}

/** Writes an allocation down as the claim's status has it. */
// dynamic-resource-allocation/structured/internal/incubating/allocator_incubating.go Allocate
export function allocationOf(
  claim: ResourceClaim,
  picked: readonly Picked[],
  chosen: readonly Chosen[],
  node: string,
  newShareID: () => string,
): AllocationResult {
  const config = [...classConfigs(chosen), ...claimConfigs(claim, chosen)]
  const nodeSelector = nodeSelectorOf(picked, node)
  return {
    devices: { results: picked.map((one) => resultOf(one, newShareID)), ...(config.length > 0 ? { config } : {}) },
    ...(nodeSelector ? { nodeSelector } : {}),
  }
}

function resultOf({ choice, candidate, amounts }: Picked, newShareID: () => string): DeviceRequestAllocationResult {
  const { device, slice } = candidate
  const { tolerations, adminAccess } = choice
  return {
    request: choice.name,
    driver: slice.spec.driver,
    pool: slice.spec.pool.name,
    device: device.name,
    ...(adminAccess ? { adminAccess } : {}),
    ...(tolerations.length > 0 ? { tolerations: [...tolerations] } : {}),
    ...(device.bindingConditions?.length ? { bindingConditions: device.bindingConditions } : {}),
    ...(device.bindingFailureConditions?.length ? { bindingFailureConditions: device.bindingFailureConditions } : {}),
    ...(amounts ? { shareID: newShareID() } : {}),
    ...(amounts?.size
      ? { consumedCapacity: Object.fromEntries(Array.from(amounts, ([name, amount]) => [name, amount.toString()])) }
      : {}),
  }
}

/** Those of each class once, for all requests of that class. */
function classConfigs(chosen: readonly Chosen[]): DeviceAllocationConfiguration[] {
  const classes = new Map(chosen.map(({ deviceClass }) => [deviceClass.metadata.name, deviceClass]))
  return [...classes].flatMap(([name, { spec }]) => {
    const requests = chosen.flatMap(({ choice, deviceClass }) =>
      deviceClass.metadata.name === name ? choice.name : [],
    )
    return (spec.config ?? []).map((one) => ({ source: 'FromClass', requests, ...one }))
  })
}

/** Those for all requests, and those for requests as they are satisfied. */
function claimConfigs({ spec }: ResourceClaim, chosen: readonly Chosen[]): DeviceAllocationConfiguration[] {
  return (spec.devices.config ?? []).flatMap((one) => {
    const { requests = [] } = one
    const config = { source: 'FromClaim', ...one }
    if (requests.length === 0) return config
    return chosen.flatMap(({ choice }) =>
      requests.includes(choice.requestName) || requests.includes(choice.name) ? config : [],
    )
  })
}

/** Where the devices can be reached; undefined: everywhere. */
// dynamic-resource-allocation/structured/internal/incubating/allocator_incubating.go createNodeSelector
function nodeSelectorOf(picked: readonly Picked[], node: string): NodeSelector | undefined {
  const matchFields: NodeSelectorRequirement[] = []
  const matchExpressions: NodeSelectorRequirement[] = []
  for (const { candidate } of picked) {
    const { device, slice } = candidate
    const { nodeName, nodeSelector } = slice.spec.perDeviceNodeSelection ? device : slice.spec
    if (nodeName || device.bindsToNode) {
      const only = { key: 'metadata.name', operator: 'In', values: [node] }
      return { nodeSelectorTerms: [{ matchFields: [only] }] }
    }
    const terms = nodeSelector?.nodeSelectorTerms ?? []
    if (terms.length > 1) throw new Error(`unsupported ResourceSlice.NodeSelector with ${terms.length} terms`)
    addNew(matchFields, terms[0]?.matchFields)
    addNew(matchExpressions, terms[0]?.matchExpressions)
  }
  if (matchFields.length + matchExpressions.length === 0) return undefined
  const term = {
    ...(matchExpressions.length > 0 ? { matchExpressions } : {}),
    ...(matchFields.length > 0 ? { matchFields } : {}),
  }
  return { nodeSelectorTerms: [term] }
}

function addNew(list: NodeSelectorRequirement[], more: readonly NodeSelectorRequirement[] = []): void {
  const values = (one: NodeSelectorRequirement): string[] => [...new Set(one.values ?? [])].sort()
  const same = (a: NodeSelectorRequirement, b: NodeSelectorRequirement): boolean =>
    a.key === b.key && a.operator === b.operator && deepEqual(values(a), values(b))
  for (const one of more) if (!list.some((known) => same(known, one))) list.push(one)
}
