import type { Kind } from '@kubets/shared/api/kinds/kind.ts'
import { badRequest } from '@kubets/shared/machinery/errors.ts'
import { parseFieldSelector, type FieldRequirement } from '@kubets/shared/machinery/field-selector.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import { parseLabelSelector } from '@kubets/shared/machinery/selector.ts'
import { prefixEnd } from '../storage/keys.ts'
import type { Encoded } from '../storage/types.ts'
import { knownAsKind } from './stored.ts'
import type { RequestScope, Selection } from './types.ts'

/** What a list or watch is about: a range of keys, and which of the objects there. */
export interface Selected {
  start: string
  /** '' for no end. */
  end: string
  matches(encoded: Encoded): boolean
  /** All of the range is selected. */
  all: boolean
}

const everything = (): boolean => true

/** Reads the selectors; throws 400 for one that cannot be understood. `name` restricts to one object. */
export function select(
  { kind, namespace }: RequestScope,
  { labelSelector, fieldSelector }: Selection,
  name?: string,
): Selected {
  const labels = labelSelector ? readLabels(labelSelector) : undefined
  const fields = fieldSelector ? readFields(kind, fieldSelector) : []
  const only = name ?? fields.find(({ field, op }) => field === 'metadata.name' && op === '=')?.value
  const restricted = (labels && !labels.empty) || fields.length > 0
  const matches = (encoded: Encoded): boolean =>
    (labels === undefined || labels.matches(encoded.object.metadata.labels)) &&
    (fields.length === 0 || matchesFields(kind, fields, knownAsKind(kind, encoded).object))
  return { ...keyRange(kind, namespace, only), matches: restricted ? matches : everything, all: !restricted && !only }
}

function keyRange(kind: Kind, namespace: string | undefined, name: string | undefined): { start: string; end: string } {
  const prefix = kind.namespaced && namespace ? `${namespace}/` : ''
  if (name && (prefix || !kind.namespaced)) return { start: prefix + name, end: `${prefix}${name}\0` }
  return { start: prefix, end: prefix && prefixEnd(prefix) }
}

function readLabels(text: string): ReturnType<typeof parseLabelSelector> {
  try {
    return parseLabelSelector(text)
  } catch (error) {
    throw badRequest(`unable to parse requirement: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function readFields(kind: Kind, text: string): FieldRequirement[] {
  let fields: FieldRequirement[]
  try {
    fields = parseFieldSelector(text)
  } catch (error) {
    throw badRequest(error instanceof Error ? error.message : String(error))
  }
  for (const { field } of fields) {
    if (field === 'metadata.name' || (field === 'metadata.namespace' && kind.namespaced)) continue
    if (kind.selectableFields && Object.hasOwn(kind.selectableFields, field)) continue
    throw badRequest(unknownLabel(kind, field))
  }
  return fields
}

/** Kinds with selectors of their own have upstream's words for those they do not know. */
// pkg/apis/core/v1/conversion.go AddFieldLabelConversionsForPod …, pkg/apis/batch/v1/conversion.go, runtime/conversion.go
function unknownLabel({ group, kind, selectableFields, schema }: Kind, field: string): string {
  if (group === 'batch' && selectableFields) return `field label ${JSON.stringify(field)} not supported for ${kind}`
  if (selectableFields || schema) return `field label not supported: ${field}`
  return `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`
}

function matchesFields(kind: Kind, fields: readonly FieldRequirement[], object: KubeObject): boolean {
  return fields.every(({ field, op, value }) => (fieldValue(kind, field, object) === value) === (op === '='))
}

function fieldValue(kind: Kind, field: string, object: KubeObject): string {
  if (field === 'metadata.name') return object.metadata.name ?? ''
  if (field === 'metadata.namespace') return object.metadata.namespace ?? ''
  return kind.selectableFields?.[field]?.(object) ?? ''
}
