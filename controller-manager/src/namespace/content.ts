import type { Client } from '@kubets/shared/client/client.ts'
import { isNotFound, StatusError } from '@kubets/shared/machinery/errors.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import { supports } from '../discovery/resources.ts'
import type { DiscoveredResource } from '../discovery/resources.ts'
import type { Remaining } from './plan.ts'

const methodNotAllowed = (error: unknown): boolean => error instanceof StatusError && error.code === 405

const listAll = async (
  client: Client,
  resource: DiscoveredResource,
  namespace: string,
  signal: AbortSignal,
): Promise<KubeObject[]> => {
  const items: KubeObject[] = []
  let token: string | undefined
  do {
    const page = await client.list(resource.ref, { namespace, limit: 500, continue: token, signal })
    items.push(...page.items)
    token = page.metadata.continue || undefined
  } while (token)
  return items
}

const deleteEach = async (
  client: Client,
  resource: DiscoveredResource,
  namespace: string,
  signal: AbortSignal,
): Promise<void> => {
  for (const object of await listAll(client, resource, namespace, signal)) {
    try {
      const name = object.metadata.name ?? ''
      await client.delete(resource.ref, name, { namespace, propagationPolicy: 'Background', signal })
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }
}

/** Asks every object of the resource in the namespace to go and counts what is still there. */
// pkg/controller/namespace/deletion/namespaced_resources_deleter.go deleteAllContentForGroupVersionResource
export const removeContent = async (
  client: Client,
  resource: DiscoveredResource,
  namespace: string,
  signal: AbortSignal,
): Promise<Remaining> => {
  const { plural, group } = resource.ref
  const removed: Remaining = { resource: plural, group, count: 0, finalizers: {} }
  try {
    const before = await client.list(resource.ref, { namespace, limit: 1, signal })
    if (before.items.length === 0) return removed
    if (supports(resource, 'deletecollection'))
      await client.deleteCollection(resource.ref, { namespace, propagationPolicy: 'Background', signal })
    else await deleteEach(client, resource, namespace, signal)
    for (const object of await listAll(client, resource, namespace, signal)) {
      removed.count++
      for (const finalizer of object.metadata.finalizers ?? [])
        removed.finalizers[finalizer] = (removed.finalizers[finalizer] ?? 0) + 1
    }
  } catch (error) {
    // The resource vanished since discovery (its definition went first), or was announced and does not do it.
    if (!isNotFound(error) && !methodNotAllowed(error)) throw error
  }
  return removed
}
