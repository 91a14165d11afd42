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

/** A stored object in the shape of the kind that was asked for. */
export function asKind(kind: Kind, encoded: Encoded): Encoded {
  const { storedAs } = kind
  if (!storedAs) return encoded
  return encoded.form(`as ${kind.group}/${kind.version}`, (object) => encode(storedAs.from(object)))
}

/** The shape in which an object of a kind is stored. */
export function toStored(kind: Kind, object: KubeObject): KubeObject {
  return kind.storedAs ? kind.storedAs.to(object) : object
}

export function missing(kind: Kind, name: string): StatusError {
  return notFound(kind, name)
}
