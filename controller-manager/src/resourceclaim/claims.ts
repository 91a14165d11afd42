import { canBeReserved, claimNameOf, isReservedFor } from '@kubets/shared/api/resource-claims.ts'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { ResourceClaim } from '@kubets/shared/api/types/resource-v1.ts'

/** On a claim that was made for a Pod: which of the Pod's claims it is. */
export const podClaimAnnotation = 'resource.kubernetes.io/pod-claim-name'

/** The names of the claims that the Pod uses, as far as they are known. */
export const claimNamesOf = (pod: Pod): string[] =>
  (pod.spec.resourceClaims ?? []).flatMap((claim) => {
    const name = claimNameOf(pod, claim)
    return typeof name === 'object' ? [name.name] : []
  })

/** Tells whether the allocated claim must still be reserved for the Pod, and can be. */
export const lacksReservation = (pod: Pod, claim: ResourceClaim): boolean =>
  claim.status?.allocation !== undefined && canBeReserved(claim) && !isReservedFor(pod, claim)

/** Tells whether it is certain that no container of the Pod runs, or ever will. */
// pkg/controller/resourceclaim/controller.go isPodDone
export const isDone = ({ metadata, spec, status }: Pod): boolean =>
  status?.phase === 'Succeeded' ||
  status?.phase === 'Failed' ||
  (metadata.deletionTimestamp !== undefined && !spec.nodeName)
