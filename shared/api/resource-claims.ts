import { controllerOf } from '../machinery/object.ts'
import type { Pod, PodResourceClaim } from './types/core-v1.ts'
import type { ResourceClaim } from './types/resource-v1.ts'

/** Keeps a claim that the scheduler has allocated. */
// k8s.io/api/resource/v1/types.go Finalizer
export const claimFinalizer = 'resource.kubernetes.io/delete-protection'

/** How many may use a claim at a time. */
// k8s.io/api/resource/v1/types.go ResourceClaimReservedForMaxSize
const mostUsers = 256

/** Whose claim a Pod uses: one that is there by its name, one that is made from a template, or none. */
export type ClaimName = { readonly name: string; readonly isMade: boolean } | 'not made yet' | 'not needed'

// dynamic-resource-allocation/resourceclaim/claim.go Name
export const claimNameOf = ({ status }: Pod, claim: PodResourceClaim): ClaimName => {
  if (claim.resourceClaimName !== undefined) return { name: claim.resourceClaimName, isMade: false }
  const made = status?.resourceClaimStatuses?.find(({ name }) => name === claim.name)
  if (made === undefined) return 'not made yet'
  return made.resourceClaimName === undefined ? 'not needed' : { name: made.resourceClaimName, isMade: true }
}

/** Why a claim is not the one that was made for the Pod; undefined where it is. */
// dynamic-resource-allocation/resourceclaim/claim.go IsForPod
export const notMadeFor = (pod: Pod, claim: ResourceClaim): string | undefined => {
  if (controllerOf(claim)?.uid === pod.metadata.uid) return undefined
  const { namespace = '', name = '' } = claim.metadata
  const of = `${pod.metadata.namespace ?? ''}/${pod.metadata.name ?? ''}`
  return `ResourceClaim ${namespace}/${name} was not created for pod ${of} (pod is not owner)`
}

/** Tells whether the claim is reserved for the Pod. */
// dynamic-resource-allocation/resourceclaim/claim.go IsReservedForPod
export const isReservedFor = ({ metadata }: Pod, { status }: ResourceClaim): boolean =>
  status?.reservedFor?.some(({ uid }) => uid === metadata.uid) ?? false

/** Tells whether one more may use the claim. */
// dynamic-resource-allocation/resourceclaim/claim.go CanBeReserved
export const canBeReserved = ({ status }: ResourceClaim): boolean => (status?.reservedFor ?? []).length < mostUsers

/** The claim reserved for the Pod as well. */
// pkg/controller/resourceclaim/controller.go reserveForPod
export const reservedFor = (claim: ResourceClaim, { metadata }: Pod): ResourceClaim => {
  const by = { resource: 'pods', name: metadata.name ?? '', uid: metadata.uid ?? '' }
  return { ...claim, status: { ...claim.status, reservedFor: [...(claim.status?.reservedFor ?? []), by] } }
}
