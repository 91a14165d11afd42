import {
  forbidden,
  invalid,
  notSupported,
  required,
  type FieldError,
  type FieldPath,
} from '../../../../machinery/fieldpath.ts'
import { isEmbedded, isMetaField, itemsOf, additionalOf, propertyOf, type Schema } from '../../../structural/schema.ts'
import { validateRules } from './rule-validation.ts'

const types = ['array', 'boolean', 'integer', 'number', 'object', 'string']

interface Around {
  isRoot: boolean
  /** Why no default may stand here; undefined: it may. */
  noDefaults: string | undefined
  insideMeta: boolean
}

// apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go ValidateCustomResourceDefinitionOpenAPISchema
/** What a schema must not say, beyond what makes it structural. */
export function validateSchema(
  path: FieldPath,
  schema: Schema,
  around: Around = { isRoot: true, noDefaults: undefined, insideMeta: false },
): FieldError[] {
  const errors: FieldError[] = []
  checkUnsupported(path, schema, around, errors)
  if (schema.uniqueItems) {
    const text = 'uniqueItems cannot be set to true since the runtime complexity becomes quadratic'
    errors.push(forbidden(path.child('uniqueItems'), text))
  }
  const below = { ...around, isRoot: false }
  const additional = additionalOf(schema)
  const hasProperties = Object.keys(schema.properties ?? {}).length > 0
  if (hasProperties && (additional || schema.additionalProperties === false))
    errors.push(
      forbidden(path.child('additionalProperties'), 'additionalProperties and properties are mutual exclusive'),
    )
  if (additional) {
    const noDefaults = around.insideMeta ? 'inside additionalProperties applying to object metadata' : below.noDefaults
    errors.push(...validateSchema(path.child('additionalProperties'), additional, { ...below, noDefaults }))
  }
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const isMeta = (around.isRoot || isEmbedded(schema)) && isMetaField(name)
    const inside = {
      ...below,
      insideMeta: below.insideMeta || isMeta,
      noDefaults: isMeta && around.isRoot ? `in top-level ${name}` : below.noDefaults,
    }
    errors.push(...validateSchema(path.child('properties').key(name), property, inside))
  }
  if (schema.not) errors.push(...validateSchema(path.child('not'), schema.not, below))
  for (const junctor of ['allOf', 'oneOf', 'anyOf'] as const)
    for (const [i, one] of (schema[junctor] ?? []).entries())
      errors.push(...validateSchema(path.child(junctor).index(i), one, below))
  const items = itemsOf(schema)
  if (items) errors.push(...validateSchema(path.child('items'), items, below))
  checkExtensions(path, schema, errors)
  checkListType(path, schema, errors)
  errors.push(...validateRules(path, schema))
  return errors
}

// specStandardValidatorV3.validate
function checkUnsupported(
  path: FieldPath,
  schema: Schema,
  { noDefaults, insideMeta }: Around,
  errors: FieldError[],
): void {
  const refuse = (field: string, text = `${field} is not supported`): void =>
    void errors.push(forbidden(path.child(field), text))
  const { type } = schema
  if (type && !types.includes(type)) errors.push(notSupported(path.child('type'), type, types))
  if (schema.default !== undefined && noDefaults !== undefined) refuse('default', `must not be set ${noDefaults}`)
  if (schema.id) refuse('id')
  if (schema.additionalItems !== undefined) refuse('additionalItems')
  if (Object.keys(schema.patternProperties ?? {}).length > 0) refuse('patternProperties')
  if (Object.keys(schema.definitions ?? {}).length > 0) refuse('definitions')
  if (schema.dependencies !== undefined) refuse('dependencies')
  if (schema.$ref !== undefined) refuse('$ref')
  if (type === 'null') refuse('type', 'type cannot be set to null, use nullable as an alternative')
  if (Array.isArray(schema.items) && schema.items.length > 0)
    refuse('items', 'items must be a schema object and not an array')
  if (insideMeta && isEmbedded(schema))
    refuse('x-kubernetes-embedded-resource', 'must not be used inside of resource meta')
}

function checkExtensions(path: FieldPath, schema: Schema, errors: FieldError[]): void {
  const { type = '' } = schema
  const mapType = schema['x-kubernetes-map-type']
  if (schema['x-kubernetes-preserve-unknown-fields'] === false)
    errors.push(invalid(path.child('x-kubernetes-preserve-unknown-fields'), false, 'must be true or undefined'))
  if (mapType !== undefined && type !== 'object') {
    const text = 'must be object if x-kubernetes-map-type is specified'
    errors.push(type === '' ? required(path.child('type'), text) : invalid(path.child('type'), type, text))
  }
  if (mapType !== undefined && mapType !== 'atomic' && mapType !== 'granular')
    errors.push(notSupported(path.child('x-kubernetes-map-type'), mapType, ['atomic', 'granular']))
}

function checkListType(path: FieldPath, schema: Schema, errors: FieldError[]): void {
  const { type = '' } = schema
  const listType = schema['x-kubernetes-list-type']
  const keys = schema['x-kubernetes-list-map-keys'] ?? []
  const items = itemsOf(schema)
  const listTypePath = path.child('x-kubernetes-list-type')
  if (listType !== undefined && type !== 'array') {
    const text = 'must be array if x-kubernetes-list-type is specified'
    errors.push(type === '' ? required(path.child('type'), text) : invalid(path.child('type'), type, text))
  } else if (listType === 'set' && items) checkSetItems(path.child('items'), items, errors)
  if (listType !== undefined && !['atomic', 'set', 'map'].includes(listType))
    errors.push(notSupported(listTypePath, listType, ['atomic', 'set', 'map']))
  if (keys.length > 0 && listType !== 'map') {
    const text = 'must be map if x-kubernetes-list-map-keys is non-empty'
    errors.push(listType === undefined ? required(listTypePath, text) : invalid(listTypePath, listType, text))
  }
  if (listType === 'map') checkMapKeys(path, schema, keys, items, errors)
  if (items && (listType === 'set' || listType === 'map'))
    checkItemsPresent(path.child('items'), items, listType, keys, errors)
}

function checkSetItems(path: FieldPath, items: Schema, errors: FieldError[]): void {
  const text = 'must be atomic as item of a list with x-kubernetes-list-type=set'
  const listType = items['x-kubernetes-list-type']
  if (items.type === 'array' && listType !== undefined && listType !== 'atomic')
    errors.push(invalid(path.child('x-kubernetes-list-type'), listType, text))
  if (items.type === 'object' && items['x-kubernetes-map-type'] !== 'atomic')
    errors.push(invalid(path.child('x-kubernetes-map-type'), listType ?? null, text))
}

function checkMapKeys(
  path: FieldPath,
  schema: Schema,
  keys: readonly string[],
  items: Schema | undefined,
  errors: FieldError[],
): void {
  const keysPath = path.child('x-kubernetes-list-map-keys')
  const itemsPath = path.child('items')
  if (keys.length === 0) errors.push(required(keysPath, 'must not be empty if x-kubernetes-list-type is map'))
  if (schema.items === undefined)
    errors.push(required(itemsPath, 'must have a schema if x-kubernetes-list-type is map'))
  else if (!items)
    errors.push(invalid(itemsPath, schema.items, 'must only have a single schema if x-kubernetes-list-type is map'))
  if (!items) return
  if (items.type !== 'object') {
    const text = "must be object if parent array's x-kubernetes-list-type is map"
    errors.push(invalid(itemsPath.child('type'), items.type ?? '', text))
    return
  }
  for (const [i, key] of keys.entries()) {
    const property = propertyOf(items, key)
    if (!property) errors.push(invalid(keysPath, keys, 'entries must all be names of item properties'))
    else if (property.type === 'array' || property.type === 'object') {
      const text = "must be a scalar type if parent array's x-kubernetes-list-type is map"
      errors.push(invalid(itemsPath.child('properties').key(key).child('type'), items.type, text))
    }
    if (keys.indexOf(key) < i) errors.push(invalid(keysPath, keys, 'must not contain duplicate entries'))
  }
}

// validateMapListKeysMapSet
function checkItemsPresent(
  path: FieldPath,
  items: Schema,
  listType: string,
  keys: readonly string[],
  errors: FieldError[],
): void {
  if (items.nullable)
    errors.push(forbidden(path.child('nullable'), `cannot be nullable when x-kubernetes-list-type is ${listType}`))
  if (listType !== 'map') return
  for (const key of keys) {
    const property = propertyOf(items, key)
    if (!property) continue
    const place = path.child('properties').key(key)
    const lead = 'this property is in x-kubernetes-list-map-keys, so it'
    if (!items.required?.includes(key) && property.default === undefined)
      errors.push(required(place.child('default'), `${lead} must have a default or be a required property`))
    if (property.nullable) errors.push(forbidden(place.child('nullable'), `${lead} cannot be nullable`))
  }
}
