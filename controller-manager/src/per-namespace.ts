import { namespaces as namespacesRef } from '@kubets/shared/api/resources.gen.ts'
import type { Namespace } from '@kubets/shared/api/types/core-v1.ts'
import type { Informer } from '@kubets/shared/client/informer.ts'
import { isAlreadyExists, isNotFound } from '@kubets/shared/machinery/errors.ts'
import { objectKey } from '@kubets/shared/machinery/object.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import type { ControllerContext, Run } from './context.ts'
import { namespaceIsGoing } from './failure.ts'
import { runLoop } from './run-loop.ts'

interface PerNamespace {
  controller: string
  /** Follows the objects that namespaces should have; any change to one brings its namespace back. */
  objects: Informer<KubeObject>
  /** The name all of them bear. */
  objectName: string
  /** Told how long a look at a namespace took, and what it failed with. */
  synced?: (seconds: number, error: unknown) => void
  /** Makes the namespace's object right. */
  ensure: (namespace: Namespace, signal: AbortSignal) => Promise<void>
}

/** The loop of a controller that keeps one object of a fixed name in every namespace. */
export const startPerNamespace = (context: ControllerContext, options: PerNamespace): Run => {
  const { controller, objects, objectName, synced, ensure } = options
  const namespaces = context.informers.informer(namespacesRef)
  const queue = context.queue(controller)

  namespaces.addHandler({
    add: (namespace) => queue.add(objectKey(namespace)),
    update: (_, namespace) => queue.add(objectKey(namespace)),
  })
  const enqueueFor = ({ metadata }: KubeObject): void => {
    if (metadata.name === objectName && metadata.namespace) queue.add(metadata.namespace)
  }
  objects.addHandler({ update: (_, object) => enqueueFor(object), delete: enqueueFor })

  const reconcile = async (key: string, signal: AbortSignal): Promise<void> => {
    const namespace = namespaces.lister.byKey(key)
    if (!namespace) return
    const started = context.clock.elapsed()
    let failure: unknown
    try {
      await ensure(namespace, signal)
    } catch (error) {
      // It came or the namespace went since the cache was read.
      if (!isAlreadyExists(error) && !isNotFound(error) && !namespaceIsGoing(error)) failure = error
    }
    synced?.((context.clock.elapsed() - started) / 1000, failure)
    if (failure !== undefined) throw failure
  }
  return runLoop(context, { name: controller, queue, workers: 1, reconcile })
}
