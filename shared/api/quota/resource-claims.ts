import { controllerOf } from '../../machinery/object.ts'
import { quantityOf, type Quantity } from '../../machinery/quantity.ts'
import { deviceClassPrefix } from '../kinds/quantities.ts'
import type { Pod } from '../types/core-v1.ts'
import type { DeviceClass, ResourceClaim } from '../types/resource-v1.ts'
import { one, type Amounts } from './amounts.ts'
import { countName, type Evaluator } from './evaluator.ts'
import { isDevices, usage as podUsage } from './pods.ts'

const objectCountName = countName('resource.k8s.io', 'resourceclaims')
const classSuffix = '.deviceclass.resource.k8s.io/devices'
// How many devices "all" may turn out to be; staging/src/k8s.io/api/resource/v1/types.go AllocationResultsMaxSize
const allDevices = 32
// Set on claims that the scheduler makes for what a Pod asks for as an extended resource.
const extendedAnnotation = 'resource.kubernetes.io/extended-resource-claim'

/** What is there beside a claim, as far as it matters to what is counted of the claim. */
export interface Devices {
  classes(): Iterable<DeviceClass>
  pod(namespace: string, name: string): Pod | undefined
  claims(namespace: string): Iterable<ResourceClaim>
}

/** Where nothing but claims is known. */
export const noDevices: Devices = { classes: () => [], pod: () => undefined, claims: () => [] }

// pkg/quota/v1/evaluator/core/resource_claims.go claimEvaluator
export const resourceClaimEvaluator = (beside: Devices): Evaluator => ({
  handles: ({ operation, subresource }) => operation !== 'DELETE' && subresource === '',
  counts: (name) => name === objectCountName || name.endsWith(classSuffix) || isOfClass(name, beside),
  matchesScope: () => false,
  lacks: () => undefined,
  usage: (object, now) => {
    const claim = object as ResourceClaim
    const used = new Map<string, Quantity>([[objectCountName, one]])
    const ofPod = ownerOf(claim, beside)
    const counted = ofPod ? podUsage(ofPod, now) : new Map<string, Quantity>()
    for (const [deviceClass, count] of devices(claim)) {
      used.set(`${deviceClass}${classSuffix}`, quantityOf(count))
      for (const name of extendedNames(deviceClass, beside)) addBeyond(used, name, count, counted)
    }
    return used
  },
})

// k8s.io/dynamic-resource-allocation/deviceclass/extendedresourcecache GetDeviceClass
const isOfClass = (name: string, { classes }: Devices): boolean => {
  if (!isDevices(name)) return false
  const resource = name.slice('requests.'.length)
  return [...classes()].some(
    ({ metadata, spec }) =>
      resource === `${deviceClassPrefix}${metadata.name}` || resource === spec.extendedResourceName,
  )
}

/** The names under which devices of the class are limited as what Pods ask for. */
const extendedNames = (deviceClass: string, { classes }: Devices): string[] => {
  const found = [...classes()].find(({ metadata }) => metadata.name === deviceClass)
  const given = found?.spec.extendedResourceName
  return [`requests.${deviceClassPrefix}${deviceClass}`, ...(given ? [`requests.${given}`] : [])]
}

/** Adds what the Pod that the claim was made for has not been counted for. */
// resource_claims.go addExtendedResourceQuota
const addBeyond = (used: Map<string, Quantity>, name: string, count: number, counted: Amounts): void => {
  const all = quantityOf(count)
  const more = counted.has(name) ? all.sub(counted.get(name) as Quantity) : all
  if (more.sign > 0) used.set(name, more)
}

const podRefOf = (claim: ResourceClaim) => {
  if (claim.metadata.annotations?.[extendedAnnotation] !== 'true') return undefined
  const owner = controllerOf(claim)
  return owner?.kind === 'Pod' && owner.apiVersion === 'v1' ? owner : undefined
}

/**
 * The Pod whose extended resources the claim is for: one that is there, and says so, or whose first claim of the kind
 * this is. An annotation alone would let anybody have devices that are not counted.
 */
// resource_claims.go getVerifiedPodUsage
const ownerOf = (claim: ResourceClaim, beside: Devices): Pod | undefined => {
  const reference = podRefOf(claim)
  if (!reference) return undefined
  const { name, namespace = '' } = claim.metadata
  const pod = beside.pod(namespace, reference.name)
  if (pod?.metadata.uid !== reference.uid) return undefined
  const told = pod.status?.extendedResourceClaimStatus
  if (told) return told.resourceClaimName === name ? pod : undefined
  const others = [...beside.claims(namespace)].filter((other) => podRefOf(other)?.uid === reference.uid)
  return others.some((other) => comesBefore(other, claim)) ? undefined : pod
}

const comesBefore = ({ metadata: one }: ResourceClaim, { metadata: other }: ResourceClaim): boolean => {
  const [made, madeLater] = [one.creationTimestamp ?? '', other.creationTimestamp ?? '']
  return made === madeLater ? (one.name ?? '') < (other.name ?? '') : made < madeLater
}

interface Wanted {
  deviceClassName: string
  allocationMode?: string
  count?: number
}

/** The most devices that may be given; none in a mode that is not known here. */
const most = ({ allocationMode = 'ExactCount', count = 1 }: Wanted): number => {
  if (allocationMode === 'All') return allDevices
  return allocationMode === 'ExactCount' ? count : 0
}

/** The most devices of each class that the claim may be given: of alternatives, the largest. */
const devices = ({ spec }: ResourceClaim): Map<string, number> => {
  const total = new Map<string, number>()
  for (const { exactly, firstAvailable = [] } of spec.devices?.requests ?? []) {
    const ofRequest = new Map<string, number>()
    const alternatives: Wanted[] = exactly ? [exactly] : firstAvailable
    for (const wanted of alternatives)
      ofRequest.set(wanted.deviceClassName, Math.max(ofRequest.get(wanted.deviceClassName) ?? 0, most(wanted)))
    for (const [name, count] of ofRequest) total.set(name, (total.get(name) ?? 0) + count)
  }
  return total
}
