import { claimNameOf, notMadeFor, reservedFor } from '@kubets/shared/api/resource-claims.ts'
import {
  pods as podsRef,
  resourceClaims as claimsRef,
  resourceClaimTemplates as templatesRef,
} from '@kubets/shared/api/resources.gen.ts'
import type { Pod, PodResourceClaim } from '@kubets/shared/api/types/core-v1.ts'
import type { ResourceClaim } from '@kubets/shared/api/types/resource-v1.ts'
import { isNotFound } from '@kubets/shared/machinery/errors.ts'
import { controllerOf, objectKey } from '@kubets/shared/machinery/object.ts'
import type { Controller, ControllerContext, Run } from '../context.ts'
import { messageOf, namespaceIsGoing } from '../failure.ts'
import { indexByOwner } from '../owner-index.ts'
import { runLoop } from '../run-loop.ts'
import { claimNamesOf, isDone, lacksReservation, podClaimAnnotation } from './claims.ts'
import { planClaim, planPodClaim, released, staysReserved } from './plan.ts'

const name = 'resourceclaim-controller'
// pkg/controller/resourceclaim/controller.go Run
const component = 'resource_claim'
const index = 'resource-claim'

const start = (context: ControllerContext): Run => {
  const { client, informers } = context
  const recorder = context.recorder(component)
  const pods = informers.informer(podsRef)
  const claims = informers.informer(claimsRef)
  const templates = informers.informer(templatesRef)
  const { ownedBy } = indexByOwner(claims)
  pods.addIndex(index, (pod) => claimNamesOf(pod).map((claim) => `${pod.metadata.namespace ?? ''}/${claim}`))
  const podQueue = context.queue(name)
  const claimQueue = context.queue(`${name}-claim`)
  /** What was made and the cache does not show yet: the name by the Pod's uid and what the Pod calls it. */
  const justMade = new Map<string, string>()
  const madeKey = (uid = '', podClaim = ''): string => `${uid}/${podClaim}`
  const forget = (claim: ResourceClaim): boolean =>
    justMade.delete(madeKey(controllerOf(claim)?.uid, claim.metadata.annotations?.[podClaimAnnotation]))

  // pkg/controller/resourceclaim/controller.go enqueuePod, podNeedsClaims
  const enqueue = (pod: Pod, isGone = false): void => {
    if (!pod.spec.resourceClaims?.length) return
    if (isGone || isDone(pod)) {
      for (const claim of claimNamesOf(pod)) claimQueue.add(`${pod.metadata.namespace ?? ''}/${claim}`)
    }
    if (!isGone && pod.metadata.deletionTimestamp === undefined) podQueue.add(objectKey(pod))
  }
  const enqueueClaim = (claim: ResourceClaim): void => {
    forget(claim)
    claimQueue.add(objectKey(claim))
    for (const pod of pods.lister.byIndex(index, objectKey(claim))) enqueue(pod)
  }
  pods.addHandler({
    add: (pod) => enqueue(pod),
    update: (_, pod) => enqueue(pod),
    delete: (pod) => {
      for (const podClaim of pod.spec.resourceClaims ?? []) justMade.delete(madeKey(pod.metadata.uid, podClaim.name))
      enqueue(pod, true)
    },
  })
  claims.addHandler({ add: enqueueClaim, update: (_, claim) => enqueueClaim(claim), delete: enqueueClaim })

  /** The name to write into the Pod's status for one of its claims, made where it is missing. */
  const ensure = async (pod: Pod, podClaim: PodResourceClaim, signal: AbortSignal): Promise<string | undefined> => {
    const { namespace = '', uid } = pod.metadata
    const ofPod = (claim: ResourceClaim): boolean => claim.metadata.annotations?.[podClaimAnnotation] === podClaim.name
    const plan = planPodClaim(pod, podClaim, {
      claim: (claim) => claims.lister.get(claim, namespace),
      template: (template) => templates.lister.get(template, namespace),
      made: () => ownedBy(uid).find(ofPod)?.metadata.name ?? justMade.get(madeKey(uid, podClaim.name)),
    })
    if (plan === undefined) return undefined
    if ('name' in plan) return plan.name
    if ('problem' in plan) throw new Error(plan.problem)
    const made = await client.create(claimsRef, plan.create, { namespace, signal })
    justMade.set(madeKey(uid, podClaim.name), made.metadata.name ?? '')
    return made.metadata.name
  }

  // pkg/controller/resourceclaim/controller.go syncPod
  const syncPod = async (key: string, signal: AbortSignal): Promise<void> => {
    const pod = pods.lister.byKey(key)
    if (!pod || pod.metadata.deletionTimestamp !== undefined) return
    const { namespace, name: podName = '' } = pod.metadata
    const known = pod.status?.resourceClaimStatuses ?? []
    const statuses: NonNullable<typeof known> = []
    for (const podClaim of pod.spec.resourceClaims ?? []) {
      try {
        const resourceClaimName = await ensure(pod, podClaim, signal)
        const isKnown = known.some((one) => one.name === podClaim.name && one.resourceClaimName === resourceClaimName)
        if (resourceClaimName !== undefined && !isKnown) statuses.push({ name: podClaim.name, resourceClaimName })
      } catch (error) {
        if (namespaceIsGoing(error)) return
        const message = `PodResourceClaim ${podClaim.name}: ${messageOf(error)}`
        recorder.event(pod, 'Warning', 'FailedResourceClaimCreation', message)
        throw error
      }
    }
    if (statuses.length > 0) {
      const body = { metadata: { uid: pod.metadata.uid }, status: { resourceClaimStatuses: statuses } }
      await client.patch(podsRef, podName, body, { type: 'strategic', namespace, subresource: 'status', signal })
    }
    // before that the scheduler reserves
    if (pod.spec.nodeName) await reserve(pod, signal)
  }

  const reserve = async (pod: Pod, signal: AbortSignal): Promise<void> => {
    for (const podClaim of pod.spec.resourceClaims ?? []) {
      const of = claimNameOf(pod, podClaim)
      if (typeof of !== 'object') continue
      const claim = claims.lister.get(of.name, pod.metadata.namespace)
      if (!claim) return
      const problem = of.isMade ? notMadeFor(pod, claim) : undefined
      if (problem !== undefined) throw new Error(problem)
      if (!lacksReservation(pod, claim)) continue
      await client.update(claimsRef, reservedFor(claim, pod), { subresource: 'status', signal })
    }
  }

  /** As it is; one that the cache does not have is asked for, as it may be new. */
  const podNow = async (
    podName: string,
    namespace: string | undefined,
    signal: AbortSignal,
  ): Promise<Pod | undefined> =>
    pods.lister.get(podName, namespace) ??
    client.get(podsRef, podName, { namespace, signal }).catch((error: unknown) => {
      if (isNotFound(error)) return undefined
      throw error
    })

  // pkg/controller/resourceclaim/controller.go syncClaim
  const syncClaim = async (key: string, signal: AbortSignal): Promise<void> => {
    const claim = claims.lister.byKey(key)
    if (!claim) return
    const { namespace } = claim.metadata
    const staying = []
    for (const reference of claim.status?.reservedFor ?? []) {
      if (reference.apiGroup || reference.resource !== 'pods')
        throw new Error(`unsupported ReservedFor entry: ${JSON.stringify(reference)}`)
      if (staysReserved(reference, await podNow(reference.name, namespace, signal))) staying.push(reference)
    }
    const owner = pods.lister.get(controllerOf(claim)?.name ?? '', namespace)
    const plan = planClaim(claim, staying, owner)
    try {
      let current = claim
      if (plan.status) current = await client.update(claimsRef, plan.status, { subresource: 'status', signal })
      if (plan.release) await client.update(claimsRef, released(current), { signal })
      if (!plan.remove || claim.metadata.deletionTimestamp !== undefined) return
      const { name: claimName = '', uid } = claim.metadata
      await client.delete(claimsRef, claimName, { namespace, preconditions: { uid }, signal })
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }

  const workers = 50
  const forPods = runLoop(context, { name, queue: podQueue, workers, reconcile: syncPod })
  const forClaims = runLoop(context, { name: `${name}-claim`, queue: claimQueue, workers, reconcile: syncClaim })
  return async (signal) => {
    await Promise.all([forPods(signal), forClaims(signal)])
  }
}

// pkg/controller/resourceclaim/controller.go
export const resourceClaimController: Controller = { name, start }
