import { namespaces as namespacesRef, pods as podsRef } from '@kubets/shared/api/resources.gen.ts'
import type { Namespace } from '@kubets/shared/api/types/core-v1.ts'
import { isConflict, isNotFound } from '@kubets/shared/machinery/errors.ts'
import { objectKey } from '@kubets/shared/machinery/object.ts'
import type { Controller, ControllerContext, Run } from '../context.ts'
import { discover } from '../discovery/discover.ts'
import { preferred } from '../discovery/resources.ts'
import { messageOf } from '../failure.ts'
import { runLoop } from '../run-loop.ts'
import { removeContent } from './content.ts'
import { deletionOrder, expectation, graceOf, isEmptied, ownFinalizer, planStatus, retryAfter } from './plan.ts'
import type { Pass } from './plan.ts'

const name = 'namespace-controller'
// seldom is it one object alone that goes
const goneMs = 300

const start = (context: ControllerContext): Run => {
  const { client, informers, everything, clock } = context
  const namespaces = informers.informer(namespacesRef)
  const pods = informers.informer(podsRef)
  const queue = context.queue(name, { maxDelayMs: 60_000 })

  // Only namespaces on their way out are of interest, so the rest costs nothing.
  const enqueue = (namespace: Namespace): void => {
    if (namespace.metadata.deletionTimestamp !== undefined) queue.add(objectKey(namespace))
  }
  namespaces.addHandler({ add: enqueue, update: (_, namespace) => enqueue(namespace) })
  // What others let go may have been the last that was in the way.
  everything.addHandler({
    remove: (_uid, namespace = '') => {
      if (namespaces.lister.get(namespace)?.metadata.deletionTimestamp !== undefined) queue.addAfter(namespace, goneMs)
    },
  })
  // Pods go first and take their time: when the last is gone there is no need to wait any longer.
  pods.addHandler({
    delete: ({ metadata: { namespace = '' } }) => {
      const going = namespaces.lister.get(namespace)
      if (going && pods.lister.list(namespace).length === 0) enqueue(going)
    },
  })

  const emptyOut = async (going: Namespace, signal: AbortSignal): Promise<Pass> => {
    const { name: namespace = '' } = going.metadata
    const { resources, failures } = await discover(client, signal)
    const pass: Pass = { discoveryFailures: failures, deletionFailures: [], remaining: [], graceSeconds: 0 }
    const podSeconds = graceOf(pods.lister.list(namespace), going, clock.now())
    for (const step of deletionOrder(preferred(resources))) {
      const results = await Promise.allSettled(
        step.map((resource) => removeContent(client, resource, namespace, signal)),
      )
      for (const [index, resource] of step.entries()) {
        const result = results[index]
        if (result?.status !== 'fulfilled') {
          pass.deletionFailures.push(messageOf(result?.reason))
          continue
        }
        const { graceSeconds, failure } = expectation(resource, namespace, result.value, podSeconds)
        pass.remaining.push(result.value)
        pass.graceSeconds = Math.max(pass.graceSeconds, graceSeconds)
        if (failure !== undefined) pass.deletionFailures.push(failure)
      }
      if (!isEmptied({ ...pass, discoveryFailures: [] })) break
    }
    return pass
  }

  const finalize = async (namespace: Namespace, signal: AbortSignal): Promise<void> => {
    const finalizers = (namespace.spec.finalizers ?? []).filter((finalizer) => finalizer !== ownFinalizer)
    const next = { ...namespace, spec: { ...namespace.spec, finalizers } }
    try {
      await client.update(namespacesRef, next, { subresource: 'finalize', signal })
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }

  const reconcile = async (key: string, signal: AbortSignal): Promise<void> => {
    if (namespaces.lister.byKey(key)?.metadata.deletionTimestamp === undefined) return
    let namespace: Namespace
    try {
      // Deleting is for good, so the live object decides, not the cache.
      namespace = await client.get(namespacesRef, key, { signal })
    } catch (error) {
      if (isNotFound(error)) return
      throw error
    }
    const { deletionTimestamp } = namespace.metadata
    if (deletionTimestamp === undefined || !(namespace.spec.finalizers ?? []).includes(ownFinalizer)) return
    const pass = await emptyOut(namespace, signal)
    const status = planStatus(namespace, pass, clock.now())
    if (status !== namespace.status) {
      try {
        namespace = await client.update(namespacesRef, { ...namespace, status }, { subresource: 'status', signal })
      } catch (error) {
        if (isNotFound(error)) return
        if (!isConflict(error)) throw error
        queue.add(key)
        return
      }
    }
    if (isEmptied(pass)) return finalize(namespace, signal)
    const failures = [...pass.discoveryFailures.map(({ message }) => message), ...pass.deletionFailures]
    if (failures.length > 0) throw new Error(failures.join('; '))
    queue.addAfter(key, retryAfter(pass))
  }

  return runLoop(context, { name, queue, workers: context.options.syncs.namespace, reconcile })
}

// pkg/controller/namespace/namespace_controller.go
export const namespaceController: Controller = { name, start }
