import { clone } from '../../machinery/deep.ts'
import { errorText } from '../../machinery/fieldpath.ts'
import { apiVersionOf, type KubeObject } from '../../machinery/object.ts'
import { decodeObject } from '../../machinery/schema/decode.ts'
import { schemaFor } from '../schemas.ts'
import type { Kind } from './kind.ts'
import {
  prepareForCreate,
  prepareForStatusUpdate,
  prepareForUpdate,
  validateCreate,
  validateStatusUpdate,
  validateUpdate,
} from './strategy.ts'

// For tests alone: objects go the way a request's do, but for admission and the store.

export type Draft = Record<string, unknown> & { metadata?: Record<string, unknown> }

/** An object as it is after decoding and defaults. */
export function decoded(kind: Kind, draft: Draft): KubeObject {
  const metadata = { name: 'a', ...(kind.namespaced && { namespace: 'x' }), uid: 'u', ...draft.metadata }
  const given = { apiVersion: apiVersionOf(kind), kind: kind.kind, ...draft, metadata }
  const { object } = decodeObject(schemaFor(kind.group, kind.version, kind.kind), given, 'Strict')
  kind.defaults?.(object as unknown as KubeObject)
  return object as unknown as KubeObject
}

/** What is wrong with a new object: `path: Reason: text` each. */
export function createProblems(kind: Kind, draft: Draft): string[] {
  const obj = decoded(kind, draft)
  prepareForCreate(kind, obj)
  return validateCreate(kind, obj).map(errorText)
}

/** The object as it would be stored. */
export function stored(kind: Kind, draft: Draft): KubeObject {
  const obj = decoded(kind, draft)
  prepareForCreate(kind, obj)
  return { ...obj, metadata: { ...obj.metadata, resourceVersion: '1' } }
}

/** What is wrong with changing one object into another. */
export function updateProblems(kind: Kind, draft: Draft, change: (obj: Draft) => void, status?: object): string[] {
  const old = { ...stored(kind, draft), ...(status && { status }) }
  const obj = clone(old)
  change(obj as unknown as Draft)
  kind.defaults?.(obj)
  prepareForUpdate(kind, obj, old)
  return validateUpdate(kind, obj, old).map(errorText)
}

/** What is wrong with a new status; `before` is the status there was. */
export function statusProblems(kind: Kind, draft: Draft, status: object, before: object = {}): string[] {
  const old = { ...stored(kind, draft), status: before }
  const obj = { ...clone(old), status }
  prepareForStatusUpdate(kind, obj, old, '2026-01-01T00:00:00Z')
  return validateStatusUpdate(kind, obj, old).map(errorText)
}

/** What a client is told about a valid new object. */
export function createWarnings(kind: Kind, draft: Draft): string[] {
  return kind.warningsOf?.(stored(kind, draft)) ?? []
}
