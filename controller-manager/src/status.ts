import type { Client } from '@kubets/shared/client/client.ts'
import { isNotFound } from '@kubets/shared/machinery/errors.ts'
import type { KubeObject, ResourceRef } from '@kubets/shared/machinery/object.ts'

/** Writes the status that the object holds; one that went since the cache was read is no error. */
export const updateStatus = async <T extends KubeObject>(
  client: Client,
  ref: ResourceRef<T>,
  object: T,
  signal: AbortSignal,
): Promise<void> => {
  try {
    await client.update(ref, object, { subresource: 'status', signal })
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
}

/** The counts that are not 0: the server stores no others where Go omits them, so they must not look like a difference. */
export const nonZero = (counts: Record<string, number>): Record<string, number> =>
  Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0))
