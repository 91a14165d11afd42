import { claimFinalizer, claimNameOf, notMadeFor } from '@kubets/shared/api/resource-claims.ts'
import { pods } from '@kubets/shared/api/resources.gen.ts'
import type { Pod, PodResourceClaim } from '@kubets/shared/api/types/core-v1.ts'
import type { ResourceClaim, ResourceClaimTemplate } from '@kubets/shared/api/types/resource-v1.ts'
import { newControllerRef } from '@kubets/shared/machinery/object.ts'
import { isDone, podClaimAnnotation } from './claims.ts'

export interface Seen {
  /** The claim of a name in the Pod's namespace. */
  claim: (name: string) => ResourceClaim | undefined
  template: (name: string) => ResourceClaimTemplate | undefined
  /** The name of the claim that was made for this one of the Pod's claims, whatever the Pod's status says. */
  made: (podClaim: string) => string | undefined
}

/** What one of a Pod's claims needs: to be named in the status, or to be made before that; undefined: nothing. */
export type PodClaimPlan =
  { readonly name: string } | { readonly create: ResourceClaim } | { readonly problem: string } | undefined

// pkg/controller/resourceclaim/controller.go handleClaim
export const planPodClaim = (pod: Pod, podClaim: PodResourceClaim, seen: Seen): PodClaimPlan => {
  const known = claimNameOf(pod, podClaim)
  if (known === 'not needed' || podClaim.resourceClaimTemplateName === undefined) return undefined
  if (known !== 'not made yet') {
    const claim = seen.claim(known.name)
    if (claim && notMadeFor(pod, claim) === undefined) return undefined
  }
  const name = seen.made(podClaim.name)
  if (name !== undefined) return { name }
  const template = seen.template(podClaim.resourceClaimTemplateName)
  return template
    ? { create: claimOf(pod, podClaim, template) }
    : {
        problem: `resource claim template "${podClaim.resourceClaimTemplateName}": resourceclaimtemplate.resource.k8s.io "${podClaim.resourceClaimTemplateName}" not found`,
      }
}

const claimOf = (pod: Pod, podClaim: PodResourceClaim, { spec }: ResourceClaimTemplate): ResourceClaim => ({
  apiVersion: 'resource.k8s.io/v1',
  kind: 'ResourceClaim',
  metadata: {
    namespace: pod.metadata.namespace,
    generateName: generateName(pod.metadata.name ?? '', podClaim.name),
    labels: spec.metadata?.labels,
    annotations: { ...spec.metadata?.annotations, [podClaimAnnotation]: podClaim.name },
    ownerReferences: [newControllerRef(pod, pods)],
  },
  spec: spec.spec,
})

/** A hyphen and five letters must fit behind it. */
const longestBase = 57

/** Both names have their share when they are too long together. */
export const generateName = (pod: string, claim: string): string => {
  const { length } = `${pod}-${claim}-`
  if (length <= longestBase) return `${pod}-${claim}-`
  const share = (name: string): string => name.slice(0, Math.floor((name.length * longestBase) / length))
  return `${share(pod)}-${share(claim)}`
}

type Reference = NonNullable<NonNullable<ResourceClaim['status']>['reservedFor']>[number]

/** Tells whether the claim stays reserved for who is referred to, which is the given Pod if there is one of the name. */
// pkg/controller/resourceclaim/controller.go syncClaim
export const staysReserved = ({ uid }: Reference, pod: Pod | undefined): boolean =>
  pod !== undefined && pod.metadata.uid === uid && !isDone(pod)

export interface ClaimPlan {
  /** The claim with the status that it should have. */
  status?: ResourceClaim
  /** Nothing holds the claim any longer. */
  release: boolean
  /** It was made for a Pod that does not need it. */
  remove: boolean
}

/** What a claim needs of which these reservations stay; `owner` is the Pod of the name of who it was made for. */
// pkg/controller/resourceclaim/controller.go syncClaim: a claim that nobody uses is not allocated any longer, either
export const planClaim = (claim: ResourceClaim, staying: readonly Reference[], owner: Pod | undefined): ClaimPlan => {
  const { metadata, status = {} } = claim
  const isHeld = metadata.finalizers?.includes(claimFinalizer) ?? false
  const isUnused = staying.length === 0
  const hasLost = staying.length < (status.reservedFor ?? []).length
  const goes = isHeld && isUnused && metadata.deletionTimestamp !== undefined
  const isFreed = isHeld && isUnused && (hasLost || goes)
  const { allocation, reservedFor: _, ...others } = status
  const kept = isFreed || allocation === undefined ? {} : { allocation }
  const next = { ...claim, status: { ...others, ...kept, ...(isUnused ? {} : { reservedFor: [...staying] }) } }
  const changes = hasLost || (isFreed && allocation !== undefined)
  const madeFor = metadata.ownerReferences?.find(
    (one) => one.controller === true && one.apiVersion === 'v1' && one.kind === 'Pod',
  )
  return {
    ...(changes ? { status: next } : {}),
    release: isHeld && (isFreed || (hasLost && allocation === undefined)),
    remove:
      isUnused && madeFor !== undefined && owner !== undefined && (owner.metadata.uid !== madeFor.uid || isDone(owner)),
  }
}

/** The claim without the finalizer. */
export const released = (claim: ResourceClaim): ResourceClaim => ({
  ...claim,
  metadata: {
    ...claim.metadata,
    finalizers: (claim.metadata.finalizers ?? []).filter((one) => one !== claimFinalizer),
  },
})
