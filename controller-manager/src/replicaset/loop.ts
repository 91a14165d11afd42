import { pods as podsRef } from '@kubets/shared/api/resources.gen.ts'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { controllerOf, newControllerRef, objectKey } from '@kubets/shared/machinery/object.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import type { ControllerContext, Run } from '../context.ts'
import { messageOf, namespaceIsGoing } from '../failure.ts'
import { indexByOwner } from '../owner-index.ts'
import { applyClaim } from '../pods/adopt.ts'
import { isPodActive } from '../pods/availability.ts'
import { claim } from '../pods/claim.ts'
import { PodControl } from '../pods/control.ts'
import { Expectations, expectationLapseMs } from '../pods/expectations.ts'
import { slowStart } from '../pods/slow-start.ts'
import { podFromTemplate } from '../pods/template.ts'
import type { ReplicaKind } from './kind.ts'
import { plan, planStatus } from './plan.ts'
import { watchPods } from './pod-events.ts'
import { runLoop } from '../run-loop.ts'
import { updateStatus } from '../status.ts'

/** The loop of a kind that keeps a number of equal Pods. */
export const startReplicas = <T extends KubeObject>(kind: ReplicaKind<T>, context: ControllerContext): Run => {
  const { client, informers, clock } = context
  const control = new PodControl(client, context.recorder(kind.component))
  const owners = informers.informer(kind.ref)
  const pods = informers.informer(podsRef)
  const podIndex = indexByOwner(pods)
  const ownerIndex = indexByOwner(owners)
  const queue = context.queue(kind.name)
  const expectations = new Expectations(() => clock.elapsed())

  owners.addHandler({
    add: (owner) => queue.add(objectKey(owner)),
    update: (old, owner) => {
      if (old.metadata.uid !== owner.metadata.uid) expectations.forget(objectKey(old))
      queue.add(objectKey(owner))
    },
    delete: (owner) => {
      expectations.forget(objectKey(owner))
      queue.add(objectKey(owner))
    },
  })
  watchPods({
    pods,
    owners,
    ownerKind: kind.ref.kind,
    matches: (owner, labels) => kind.matcher(owner)(labels),
    expectations,
    enqueue: (key) => queue.add(key),
  })

  const relatedPods = (owner: T): Pod[] => {
    const parent = controllerOf(owner)
    const siblings = parent ? ownerIndex.ownedBy(parent.uid) : [owner]
    return siblings.flatMap((sibling) => podIndex.ownedBy(sibling.metadata.uid)).filter(isPodActive)
  }

  const createOne = (owner: T, signal: AbortSignal): Promise<void> =>
    control.create(owner, podFromTemplate(kind.template(owner), owner, newControllerRef(owner, kind.ref)), signal)

  const create = async (owner: T, key: string, count: number, signal: AbortSignal): Promise<void> => {
    expectations.expectCreations(key, count)
    const { succeeded, error } = await slowStart(count, () => createOne(owner, signal))
    expectations.creationSeen(key, count - succeeded)
    // Nothing can be created in a namespace on its way out, and trying again does not help.
    if (error !== undefined && !namespaceIsGoing(error)) throw error
  }

  const deleteOne = async (owner: T, key: string, pod: Pod, signal: AbortSignal): Promise<void> => {
    try {
      if (!(await control.delete(owner, pod, signal))) expectations.deletionSeen(key, objectKey(pod))
    } catch (error) {
      expectations.deletionSeen(key, objectKey(pod))
      throw error
    }
  }

  const remove = async (owner: T, key: string, victims: readonly Pod[], signal: AbortSignal): Promise<void> => {
    expectations.expectDeletions(key, victims.map(objectKey))
    const results = await Promise.allSettled(victims.map((pod) => deleteOne(owner, key, pod, signal)))
    for (const result of results) if (result.status === 'rejected') throw result.reason
  }

  const reconcile = async (key: string, signal: AbortSignal): Promise<void> => {
    const owner = owners.lister.byKey(key)
    if (!owner) {
      expectations.forget(key)
      return
    }
    const current = expectations.satisfied(key)
    // The event that meets an expectation may never come; look again when it has lapsed.
    if (!current) queue.addAfter(key, expectationLapseMs)
    const { namespace, uid } = owner.metadata
    const candidates = [...podIndex.ownedBy(uid), ...podIndex.orphans(namespace).filter(isPodActive)]
    const wanted = claim(owner, kind.matcher(owner), candidates)
    const owned = await applyClaim({ client, owner, ownerRef: kind.ref, signal }, podsRef, wanted)

    const view = kind.view(owner)
    const actions = plan({ owner: view, pods: owned, related: relatedPods(owner), current }, clock.now())
    let failure: { error: unknown } | undefined
    try {
      if (actions.create > 0) await create(owner, key, actions.create, signal)
      if (actions.delete.length > 0) await remove(owner, key, actions.delete, signal)
    } catch (error) {
      failure = { error }
    }

    const next = planStatus(view, owned, failure && messageOf(failure.error), clock.now())
    if (next.changed) await updateStatus(client, kind.ref, kind.withStatus(owner, next.status), signal)
    if (next.checkAfter !== undefined) queue.addAfter(key, next.checkAfter)
    if (failure) throw failure.error
  }

  return runLoop(context, { name: kind.name, queue, workers: context.options.syncs[kind.syncs], reconcile })
}
