// Which claims a Pod has, who prepares them and what containers get of them: pure.
// pkg/kubelet/cm/dra/claiminfo.go, manager.go
import { claimNameOf, isReservedFor, notMadeFor } from '@kubets/shared/api/resource-claims.ts'
import type { Container, Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { ResourceClaim } from '@kubets/shared/api/types/resource-v1.ts'
import { parseQuantity } from '@kubets/shared/machinery/quantity.ts'

/** What a Pod's claims give it could not be prepared. */
export class DynamicResourcesError extends Error {}

/** A device as its driver tells of it. state/state.go Device */
export interface ClaimedDevice {
  pool: string
  name: string
  shareId: string | undefined
  /** The requests of the claim that it is for; none: for all. */
  requests: readonly string[]
  cdiIds: readonly string[]
}

/** A claim that is prepared on this node, or is about to be. state/state.go ClaimInfoState */
export interface ClaimInfo {
  uid: string
  name: string
  namespace: string
  /** The Pods that have it. */
  podUids: ReadonlySet<string>
  /** All drivers that have to do with it, with what they gave. */
  drivers: ReadonlyMap<string, readonly ClaimedDevice[]>
}

export const claimKey = ({ namespace, name }: { namespace: string; name: string }): string => `${namespace}/${name}`

export interface UsedClaim {
  name: string
  /** It was made for the Pod, so it must be the Pod's. */
  isMade: boolean
}

/** The names of the claims that a Pod has. @throws Error when one has not been made yet */
// manager.go prepareResources
export function usedClaims(pod: Pod): UsedClaim[] {
  const used = (pod.spec.resourceClaims ?? []).flatMap((claim) => nameOf(pod, claim) ?? [])
  const extended = pod.status?.extendedResourceClaimStatus
  return extended ? [...used, { name: extended.resourceClaimName, isMade: false }] : used
}

function nameOf(pod: Pod, claim: NonNullable<Pod['spec']['resourceClaims']>[number]): UsedClaim | undefined {
  const found = claimNameOf(pod, claim)
  if (found === 'not needed') return undefined
  if (found !== 'not made yet') return found
  const { namespace = '', name = '' } = pod.metadata
  throw new Error(`pod "${namespace}/${name}": ResourceClaim not created yet`)
}

/** Whether a Pod has claims, or may have. */
export const hasClaims = ({ spec, status }: Pod): boolean =>
  (spec.resourceClaims ?? []).length > 0 || status?.extendedResourceClaimStatus !== undefined

/** What is to be prepared of a claim for the Pod. @throws Error when the Pod may not have it, or it has no devices yet */
// manager.go prepareResources, claiminfo.go newClaimInfoFromClaim
export function checkedClaim(pod: Pod, { isMade }: UsedClaim, claim: ResourceClaim): ClaimInfo {
  const { uid = '', name = '', namespace = '' } = claim.metadata
  const foreign = isMade ? notMadeFor(pod, claim) : undefined
  if (foreign !== undefined) throw new Error(foreign)
  if (!isReservedFor(pod, claim)) {
    const who = `pod ${pod.metadata.name ?? ''} (${pod.metadata.uid ?? ''})`
    throw new Error(`${who} is not allowed to use ResourceClaim ${name} (${uid})`)
  }
  const { allocation } = claim.status ?? {}
  if (!allocation) throw new Error(`ResourceClaim ${name}: not allocated`)
  const results = allocation.devices?.results ?? []
  return { uid, name, namespace, podUids: new Set(), drivers: new Map(results.map(({ driver }) => [driver, []])) }
}

/** The CDI names of what the container gets of the Pod's claims. @throws Error when a claim is not prepared */
// manager.go GetResources
export function cdiDevicesOf(pod: Pod, container: Container, find: (key: string) => ClaimInfo | undefined): string[] {
  const wanted: { name: string; request: string | undefined }[] = []
  for (const claim of pod.spec.resourceClaims ?? []) {
    for (const { name, request } of container.resources?.claims ?? []) {
      const used = name === claim.name ? nameOf(pod, claim) : undefined
      if (used) wanted.push({ name: used.name, request })
    }
  }
  const extended = pod.status?.extendedResourceClaimStatus
  for (const { containerName, resourceName, requestName } of extended?.requestMappings ?? []) {
    const amount = parseQuantity(container.resources?.requests?.[resourceName] ?? '0').value()
    if (containerName !== container.name || amount === 0) continue
    wanted.push({ name: extended?.resourceClaimName ?? '', request: requestName })
  }
  const { namespace = '' } = pod.metadata
  const ids = wanted.flatMap(({ name, request = '' }) => {
    const info = find(claimKey({ namespace, name }))
    if (!info)
      throw new Error(`internal error: unable to get claim info for ResourceClaim ${name} in namespace ${namespace}`)
    // resourceclaim.BaseRequestRef: drivers tell of requests, not of the alternatives in them
    const [base = ''] = request.split('/')
    const devices = [...info.drivers.values()].flat()
    return devices
      .filter(({ requests }) => base === '' || requests.length === 0 || requests.includes(base))
      .flatMap(({ cdiIds }) => cdiIds)
  })
  return [...new Set(ids)]
}

/** The claims that each driver has to do with. */
export function byDriver(claims: readonly ClaimInfo[]): Map<string, ClaimInfo[]> {
  const batches = new Map<string, ClaimInfo[]>()
  for (const claim of claims) {
    for (const driver of claim.drivers.keys()) batches.set(driver, [...(batches.get(driver) ?? []), claim])
  }
  return batches
}

/** Checks what a driver says of each claim it was asked about. @throws Error when one failed or is missing */
export function checkAnswers(
  method: string,
  claims: readonly ClaimInfo[],
  answers: Readonly<Record<string, { error?: string } | null>>,
): void {
  for (const [uid, answer] of Object.entries(answers)) {
    const claim = claims.find((one) => one.uid === uid)
    if (!claim) throw new Error(`${method} returned result for unknown claim UID ${uid}`)
    if (answer?.error) throw new Error(`${method} failed for ResourceClaim ${claim.name}: ${answer.error}`)
  }
  const missing = claims.length - Object.keys(answers).length
  if (missing !== 0) throw new Error(`${method} skipped ${missing} ResourceClaims`)
}
