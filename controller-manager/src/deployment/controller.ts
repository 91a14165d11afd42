import { deployments, pods as podsRef, replicaSets } from '@kubets/shared/api/resources.gen.ts'
import type { Deployment, DeploymentStatus, ReplicaSet } from '@kubets/shared/api/types/apps-v1.ts'
import { deepEqual } from '@kubets/shared/machinery/deep.ts'
import { isAlreadyExists, isNotFound } from '@kubets/shared/machinery/errors.ts'
import { controllerOf, objectKey } from '@kubets/shared/machinery/object.ts'
import { labelSelectorFromObject } from '@kubets/shared/machinery/selector.ts'
import type { Controller, ControllerContext, Run } from '../context.ts'
import { messageOf, namespaceIsGoing } from '../failure.ts'
import { indexByOwner } from '../owner-index.ts'
import { applyClaim } from '../pods/adopt.ts'
import { claim } from '../pods/claim.ts'
import { reasons } from './names.ts'
import { failedCreate, plan } from './plan.ts'
import type { Action } from './rollout.ts'
import { sameTemplate } from '../pods/template-hash.ts'
import { runLoop } from '../run-loop.ts'

const name = 'deployment-controller'

const start = (context: ControllerContext): Run => {
  const { client, informers, clock, log } = context
  const recorder = context.recorder(name)
  const owners = informers.informer(deployments)
  const sets = informers.informer(replicaSets)
  const pods = informers.informer(podsRef)
  const setIndex = indexByOwner(sets)
  const podIndex = indexByOwner(pods)
  const queue = context.queue(name)

  const ownerOf = (object: ReplicaSet): Deployment | undefined => {
    const reference = controllerOf(object)
    if (reference?.kind !== deployments.kind) return undefined
    const owner = owners.lister.get(reference.name, object.metadata.namespace)
    return owner?.metadata.uid === reference.uid ? owner : undefined
  }
  const enqueueOwners = (set: ReplicaSet): void => {
    const owner = ownerOf(set)
    if (owner) return queue.add(objectKey(owner))
    if (controllerOf(set)) return
    for (const candidate of owners.lister.list(set.metadata.namespace))
      if (labelSelectorFromObject(candidate.spec.selector).matches(set.metadata.labels ?? {}))
        queue.add(objectKey(candidate))
  }

  owners.addHandler({
    add: (owner) => queue.add(objectKey(owner)),
    update: (_, owner) => queue.add(objectKey(owner)),
    delete: (owner) => queue.add(objectKey(owner)),
  })
  sets.addHandler({
    add: enqueueOwners,
    update: (old, set) => {
      if (old.metadata.resourceVersion === set.metadata.resourceVersion) return
      if (!deepEqual(controllerOf(old), controllerOf(set))) enqueueOwners(old)
      enqueueOwners(set)
    },
    delete: enqueueOwners,
  })
  // A Recreate waits for the last old Pod to be gone.
  pods.addHandler({
    delete: (pod) => {
      const set = sets.lister.get(controllerOf(pod)?.name ?? '', pod.metadata.namespace)
      const owner = set && ownerOf(set)
      if (owner?.spec.strategy?.type === 'Recreate') queue.add(objectKey(owner))
    },
  })

  const writeStatus = async (owner: Deployment, status: DeploymentStatus, signal: AbortSignal): Promise<void> => {
    await client.update(deployments, { ...owner, status }, { subresource: 'status', signal })
  }

  // The name of a new set is a hash: where it is taken, it is ours and not in the cache yet, or the hash collided.
  const resolveTakenName = async (owner: Deployment, wanted: ReplicaSet, signal: AbortSignal): Promise<void> => {
    const { namespace } = owner.metadata
    const live = await client.get(replicaSets, wanted.metadata.name ?? '', { namespace, signal })
    const ours = controllerOf(live)?.uid === owner.metadata.uid
    if (ours && sameTemplate(live.spec.template, owner.spec.template)) return
    await writeStatus(owner, { ...owner.status, collisionCount: (owner.status?.collisionCount ?? 0) + 1 }, signal)
    log.info({ controller: name, key: objectKey(owner) }, 'hash collision: bumped collisionCount')
  }

  const create = async (owner: Deployment, set: ReplicaSet, signal: AbortSignal): Promise<boolean> => {
    try {
      await client.create(replicaSets, set, { namespace: owner.metadata.namespace, signal })
      return true
    } catch (error) {
      if (namespaceIsGoing(error)) return false
      if (isAlreadyExists(error)) {
        await resolveTakenName(owner, set, signal)
        return false
      }
      const { message, status } = failedCreate(owner, set.metadata.name ?? '', messageOf(error), clock.now())
      recorder.event(owner, 'Warning', reasons.createFailed, message)
      if (status && !deepEqual(status, owner.status)) await writeStatus(owner, status, signal)
      throw error
    }
  }

  /** Acts; false when the rest of the plan rests on something that did not happen. */
  const act = async (owner: Deployment, action: Action, signal: AbortSignal): Promise<boolean> => {
    const { namespace } = owner.metadata
    switch (action.type) {
      case 'create':
        if (!(await create(owner, action.replicaSet, signal))) return false
        break
      case 'update':
        await client.update(replicaSets, action.replicaSet, { signal })
        break
      case 'delete': {
        const { uid, resourceVersion } = action.replicaSet.metadata
        const preconditions = { uid, resourceVersion }
        try {
          await client.delete(replicaSets, action.replicaSet.metadata.name ?? '', { namespace, preconditions, signal })
        } catch (error) {
          if (!isNotFound(error)) throw error
        }
        break
      }
      case 'rollback': {
        const { deployment, event } = action.rollback
        if (event.type === 'Warning') recorder.event(owner, event.type, event.reason, event.message)
        await client.update(deployments, deployment, { signal })
        if (event.type === 'Normal') recorder.event(owner, event.type, event.reason, event.message)
        break
      }
      case 'status': {
        const { annotations, status } = action
        await writeStatus({ ...owner, metadata: { ...owner.metadata, annotations } }, status, signal)
      }
    }
    if ('event' in action && action.event) recorder.event(owner, 'Normal', 'ScalingReplicaSet', action.event)
    return true
  }

  const reconcile = async (key: string, signal: AbortSignal): Promise<void> => {
    const owner = owners.lister.byKey(key)
    if (!owner) return
    const { namespace, uid } = owner.metadata
    const selector = labelSelectorFromObject(owner.spec.selector)
    if (selector.empty) {
      recorder.event(
        owner,
        'Warning',
        'SelectingAll',
        'This deployment is selecting all pods. A non-empty selector is required.',
      )
      return
    }
    const candidates = [...setIndex.ownedBy(uid), ...setIndex.orphans(namespace)]
    const wanted = claim(owner, (labels) => selector.matches(labels), candidates)
    const owned = await applyClaim({ client, owner, ownerRef: deployments, signal }, replicaSets, wanted)
    const ownedPods = owned.flatMap((set) => podIndex.ownedBy(set.metadata.uid))
    const { actions, checkAfter } = plan({ deployment: owner, replicaSets: owned, pods: ownedPods }, clock.now())

    try {
      for (const action of actions) if (!(await act(owner, action, signal))) return
    } catch (error) {
      // The Deployment or one of its sets went since the cache was read; the event of that brings the key back.
      if (isNotFound(error)) return
      throw error
    }
    if (checkAfter !== undefined) queue.addAfter(key, checkAfter)
  }

  return runLoop(context, { name, queue, workers: context.options.syncs.deployment, reconcile })
}

// pkg/controller/deployment/deployment_controller.go
export const deploymentController: Controller = { name, start }
