import type { KubeObject } from '../object.ts'
import { compare, fieldsOf } from './compare.ts'
import { Conflicts } from './conflicts.ts'
import { difference, intersection, isEmpty, type FieldSet } from './field-set.ts'
import { jsonText } from './path-element.ts'
import type { Typed } from './updater.ts'
import { misfits } from './validate.ts'

/** What `kubectl apply` on the client's side keeps the last configuration in. */
const annotation = 'kubectl.kubernetes.io/last-applied-configuration'
// apimachinery/pkg/api/validation/objectmeta.go TotalAnnotationSizeLimitB
const annotationsLimit = 256 * 1024

/**
 * What is left of conflicts when an object goes over from client-side to server-side apply: the fields that the
 * annotation sets, as they are, are given up by whoever has them. undefined: nothing is left, the apply may be forced.
 */
// apimachinery/pkg/util/managedfields/internal/lastappliedmanager.go
export function upgradedFromClientSide(live: Typed, conflicts: Conflicts, apiVersion: string): Conflicts | undefined {
  const allowed = allowedConflicts(live, apiVersion)
  if (allowed === undefined) return conflicts
  const left = new Map<string, FieldSet>()
  for (const [id, set] of conflicts.sets) {
    const rest = difference(set, intersection(set, allowed))
    if (!isEmpty(rest)) left.set(id, rest)
  }
  return left.size === 0 ? undefined : new Conflicts(left)
}

function allowedConflicts({ node, value }: Typed, apiVersion: string): FieldSet | undefined {
  const text = (value as KubeObject).metadata.annotations?.[annotation]
  if (!text) return undefined
  let applied: unknown
  try {
    applied = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof applied !== 'object' || applied === null) return undefined
  if ((applied as Partial<KubeObject>).apiVersion !== apiVersion || misfits(node, applied) !== undefined)
    return undefined
  const { removed, modified, added } = compare(node, applied, value)
  return [modified, added, removed].reduce(difference, fieldsOf(node, applied))
}

/** Keeps the annotation, where the object has one, in step with what kubectl applies here; in place. */
// apimachinery/pkg/util/managedfields/internal/lastappliedupdater.go
export function refreshLastApplied({ metadata }: KubeObject, applied: object): void {
  const { annotations } = metadata
  if (!annotations?.[annotation]) return
  annotations[annotation] = `${jsonText(withoutAnnotation(applied))}\n`
  let size = 0
  for (const [key, value] of Object.entries(annotations)) size += Buffer.byteLength(key) + Buffer.byteLength(value)
  if (size > annotationsLimit) delete annotations[annotation]
}

function withoutAnnotation(applied: object): object {
  const { metadata } = applied as Partial<KubeObject>
  if (metadata?.annotations === undefined) return applied
  const { [annotation]: _, ...annotations } = metadata.annotations
  const { annotations: __, ...rest } = metadata
  return { ...applied, metadata: Object.keys(annotations).length === 0 ? rest : { ...rest, annotations } }
}
