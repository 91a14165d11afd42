import type { Pod, PodResourceClaim } from '@kubets/shared/api/types/core-v1.ts'
import type { ResourceClaim } from '@kubets/shared/api/types/resource-v1.ts'
import { controllerOf } from '@kubets/shared/machinery/object.ts'

/** On a claim that was made for a Pod: which of the Pod's claims it is. */
export const podClaimAnnotation = 'resource.kubernetes.io/pod-claim-name'

/** Keeps a claim that the scheduler has allocated. */
// k8s.io/api/resource/v1/types.go Finalizer
export const finalizer = 'resource.kubernetes.io/delete-protection'

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

/** The names of the claims that the Pod uses, as far as they are known. */
export const claimNamesOf = (pod: Pod): string[] =>
  (pod.spec.resourceClaims ?? []).flatMap((claim) => {
    const name = claimNameOf(pod, claim)
    return typeof name === 'object' ? [name.name] : []
  })

/** Why a claim is not the one that was made for the Pod; undefined where it is. */
// dynamic-resource-allocation/resourceclaim/claim.go IsForPod
export const notMadeFor = (pod: Pod, claim: ResourceClaim): string | undefined => {
  if (controllerOf(claim)?.uid === pod.metadata.uid) return undefined
  const { namespace = '', name = '' } = claim.metadata
  const of = `${pod.metadata.namespace ?? ''}/${pod.metadata.name ?? ''}`
  return `ResourceClaim ${namespace}/${name} was not created for pod ${of} (pod is not owner)`
}

/** Tells whether the allocated claim must still be reserved for the Pod, and can be. */
// dynamic-resource-allocation/resourceclaim/claim.go IsReservedForPod, CanBeReserved
export const lacksReservation = ({ metadata }: Pod, { status }: ResourceClaim): boolean => {
  const users = status?.reservedFor ?? []
  return status?.allocation !== undefined && users.length < mostUsers && !users.some(({ uid }) => uid === metadata.uid)
}

/** Tells whether it is certain that no container of the Pod runs, or ever will. */
// pkg/controller/resourceclaim/controller.go isPodDone
export const isDone = ({ metadata, spec, status }: Pod): boolean =>
  status?.phase === 'Succeeded' ||
  status?.phase === 'Failed' ||
  (metadata.deletionTimestamp !== undefined && !spec.nodeName)
