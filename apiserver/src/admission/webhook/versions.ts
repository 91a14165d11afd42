import type { Kind } from '@kubets/shared/api/kinds/kind.ts'
import { nodeOf, schemaFor } from '@kubets/shared/api/schemas.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import { apiVersionOf } from '@kubets/shared/machinery/object.ts'
import { decodeObject } from '@kubets/shared/machinery/schema/decode.ts'
import type { ServedKinds } from '../../registry/served-kinds.ts'
import { gvkOf } from './review.ts'

/** The kinds under which the same stored objects are served, without the one given. */
// apimachinery/pkg/runtime/mapper.go EquivalentResourceRegistry
export function equivalentsOf(kind: Kind, served: ServedKinds): Kind[] {
  const place = (one: Kind): string => {
    const { group, plural } = one.storedAs ?? one
    return `${group}/${plural}`
  }
  const here = place(kind)
  return served.groups
    .flatMap(({ versions }) => versions.flatMap(({ kinds }) => kinds))
    .filter((one) => one !== kind && !one.virtual && place(one) === here)
}

/**
 * An object in the shape of an equivalent kind; what is not of the first kind (a Scale, say) has one shape only. Rejects
 * with a 500 when a conversion webhook fails.
 */
// apiserver/pkg/admission/conversion.go ConvertToGVK
export async function convert(object: KubeObject, from: Kind, to: Kind, signal: AbortSignal): Promise<KubeObject> {
  if (from === to || !isOf(object, from)) return object
  const webhook = to.storedAs?.webhook
  // a webhook turns any version into any other
  if (webhook) return (await webhook.from([object], signal))[0] ?? object
  const stored = from.storedAs ? from.storedAs.to(object) : object
  return to.storedAs ? to.storedAs.from(stored) : { ...stored, apiVersion: apiVersionOf(to), kind: to.kind }
}

/** What a patch has made of an object: decoded, pruned and completed as one that a client sends. Throws a StatusError. */
export function redecode(patched: object, before: KubeObject, kind: Kind): KubeObject {
  const gvk = gvkOf(before) ?? kind
  const own = isOf(before, kind)
  const node = own ? nodeOf(kind) : schemaFor(gvk.group, gvk.version, gvk.kind)
  const object = decodeObject(node, patched, 'Ignore').object as unknown as KubeObject
  object.apiVersion = before.apiVersion
  object.kind = before.kind
  // options of a CONNECT have none
  if ('metadata' in before) object.metadata ??= {}
  if (own) kind.defaults?.(object)
  return object
}

const isOf = (object: KubeObject, kind: Kind): boolean =>
  object.kind === kind.kind && object.apiVersion === apiVersionOf(kind)
