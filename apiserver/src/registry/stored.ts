import type { Kind } from '@kubets/shared/api/kinds/kind.ts'
import { notFound, type StatusError } from '@kubets/shared/machinery/errors.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import { encode } from '../storage/encoded.ts'
import type { Encoded, Resource } from '../storage/types.ts'
import type { RequestScope } from './types.ts'

/** Where a kind's objects are kept: several kinds can be views of the same ones. */
export function resourceOf(kind: Kind): Resource {
  return kind.storedAs ?? kind
}

/** An object's key within its resource. */
export function keyOf(scope: RequestScope, name: string): string {
  return scope.kind.namespaced ? `${scope.namespace ?? ''}/${name}` : name
}

/** A stored object as one kind sees it, kept with it for as long as the kind is the same. */
interface View {
  kind?: Kind
  encoded?: Encoded
}

const viewOf = ({ group, version }: Kind, encoded: Encoded): View =>
  encoded.form(`as ${group}/${version}`, (): View => ({}))

/** A stored object in the shape of the kind that was asked for. Throws where a webhook would have to be asked. */
export function asKind(kind: Kind, encoded: Encoded): Encoded {
  const { storedAs } = kind
  if (!storedAs) return encoded
  const view = viewOf(kind, encoded)
  if (view.kind === kind && view.encoded) return view.encoded
  if (storedAs.webhook) throw new Error(`${kind.plural}.${kind.group} are converted by a webhook`)
  return keepView(kind, encoded, storedAs.from(encoded.object))
}

function keepView(kind: Kind, encoded: Encoded, object: KubeObject): Encoded {
  const view = viewOf(kind, encoded)
  view.kind = kind
  return (view.encoded = object === encoded.object ? encoded : encode(object))
}

/** As asKind; what a webhook has not been asked about yet is as it is stored. */
export function knownAsKind(kind: Kind, encoded: Encoded): Encoded {
  if (!kind.storedAs?.webhook) return asKind(kind, encoded)
  const view = viewOf(kind, encoded)
  return (view.kind === kind ? view.encoded : undefined) ?? encoded
}

/** As asKind, of many; what webhooks convert is asked of them, once for all objects. */
export async function asKinds(kind: Kind, items: readonly Encoded[], signal: AbortSignal): Promise<Encoded[]> {
  const webhook = kind.storedAs?.webhook
  if (!webhook) return items.map((item) => asKind(kind, item))
  const known = items.map((item) => {
    const view = viewOf(kind, item)
    return view.kind === kind ? view.encoded : undefined
  })
  const missing = items.filter((_, i) => known[i] === undefined)
  const converted =
    missing.length > 0
      ? await webhook.from(
          missing.map(({ object }) => object),
          signal,
        )
      : []
  const made = missing.map((item, i) => keepView(kind, item, converted[i] ?? item.object)).values()
  return known.map((item) => item ?? (made.next().value as Encoded))
}

/** As asKinds, of one. */
export async function oneAsKind(kind: Kind, encoded: Encoded, signal: AbortSignal): Promise<Encoded> {
  if (!kind.storedAs?.webhook) return asKind(kind, encoded)
  const [converted] = await asKinds(kind, [encoded], signal)
  return converted ?? encoded
}

/** The shape in which an object of a kind is stored. */
export async function toStored(kind: Kind, object: KubeObject, signal: AbortSignal): Promise<KubeObject> {
  const { storedAs } = kind
  if (storedAs?.webhook) return storedAs.webhook.to(object, signal)
  return storedAs ? storedAs.to(object) : object
}

export function missing(kind: Kind, name: string): StatusError {
  return notFound(kind, name)
}
