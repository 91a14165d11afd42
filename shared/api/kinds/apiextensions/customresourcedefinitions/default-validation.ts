import { clone, deepEqual } from '../../../../machinery/deep.ts'
import { errorText, invalid, type FieldError, type FieldPath } from '../../../../machinery/fieldpath.ts'
import { isObject, setOwn } from '../../../../machinery/patch/json-object.ts'
import { decodeObject } from '../../../../machinery/schema/decode.ts'
import { validateEmbedded } from '../../../structural/embedded.ts'
import { resourceNode } from '../../../structural/node.ts'
import { isEmbedded, isMetaField, itemsOf, type Schema } from '../../../structural/schema.ts'
import { validateValue } from '../../../structural/validate-value.ts'

const pretended = { group: 'validation', version: 'v1', kind: 'Validation' }

/** Puts a value where the schema with a default stands in a whole resource. */
type Surround = (value: unknown) => Record<string, unknown>

interface Place {
  surround: Surround
  /** The resource that the default is a part of. */
  resource: Schema
  /** Inside apiVersion, kind or metadata of that resource. */
  insideMeta: boolean
}

const whole: Surround = (value) => ({
  apiVersion: 'validation/v1',
  kind: 'Validation',
  ...(isObject(value) ? value : {}),
})

/** What is wrong with the defaults in a schema: they must be values that the schema takes. */
// apiextensions-apiserver/pkg/apiserver/schema/defaulting/validation.go ValidateDefaults
export function validateDefaults(path: FieldPath, schema: Schema, requirePruned: boolean): FieldError[] {
  const root = { ...schema, 'x-kubernetes-embedded-resource': true }
  return check(path, root, { surround: whole, resource: root, insideMeta: false }, requirePruned)
}

function check(path: FieldPath, schema: Schema, given: Place, requirePruned: boolean): FieldError[] {
  const place = isEmbedded(schema) ? { surround: whole, resource: schema, insideMeta: false } : given
  const errors =
    schema.default === undefined || schema.default === null ? [] : checkDefault(path, schema, place, requirePruned)
  const items = itemsOf(schema)
  if (items)
    errors.push(
      ...check(path.child('items'), items, { ...place, surround: (value) => place.surround([value]) }, requirePruned),
    )
  for (const [name, property] of Object.entries(schema.properties ?? {}))
    errors.push(
      ...check(
        path.child('properties').key(name),
        property,
        {
          ...place,
          insideMeta: place.insideMeta || (isEmbedded(schema) && isMetaField(name)),
          surround: (value) => {
            const around: Record<string, unknown> = {}
            setOwn(around, name, value)
            return place.surround(around)
          },
        },
        requirePruned,
      ),
    )
  return errors
}

function checkDefault(path: FieldPath, schema: Schema, place: Place, requirePruned: boolean): FieldError[] {
  const at = path.child('default')
  const value = schema.default
  if (place.insideMeta) {
    const around = place.surround(clone(value))
    const malformed = problemOf(() => decodeObject(resourceNode(place.resource, pretended), around, 'Ignore'))
    const errors = malformed === undefined ? validateEmbedded(at, around, place.resource) : []
    const text = malformed ?? (errors.length > 0 ? errors.map(errorText).join(', ') : undefined)
    if (text !== undefined) return [invalid(at, value, `must result in valid metadata: ${text}`)]
    return validateValue(at, value, schema)
  }
  const wrapped = { default: clone(value) }
  const holder = { type: 'object', properties: { default: schema } }
  const malformed = problemOf(() => decodeObject(resourceNode(holder, pretended), wrapped, 'Ignore'))
  if (malformed !== undefined) return [invalid(at, value, malformed)]
  const errors: FieldError[] = []
  if (requirePruned && !deepEqual(wrapped.default, value))
    errors.push(invalid(at, value, 'must not have unknown fields'))
  const embedded = validateEmbedded(at, value, schema)
  return errors.concat(embedded.length > 0 ? embedded : validateValue(at, value, schema))
}

function problemOf(action: () => unknown): string | undefined {
  try {
    action()
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
