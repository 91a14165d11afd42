import { deepEqual } from '../../machinery/deep.ts'
import { errorText, forbidden, invalid, required, type FieldError, type FieldPath } from '../../machinery/fieldpath.ts'
import { additionalOf, isEmbedded, isIntOrString, itemsOf, keepsUnknown, propertyOf, type Schema } from './schema.ts'
import { compiled } from './validate-value.ts'

type Level = 'root' | 'item' | 'field'

const emptyType: Readonly<Record<Level, string>> = {
  root: 'must not be empty at the root',
  item: 'must not be empty for specified array items',
  field: 'must not be empty for specified object fields',
}

/** What keeps a schema from being structural, sorted by text. */
// apiextensions-apiserver/pkg/apiserver/schema/validation.go ValidateStructural
export function validateStructural(path: FieldPath, schema: Schema): FieldError[] {
  const errors: FieldError[] = []
  checkInvariants(path, schema, 'root', errors)
  for (const { place, nested, structure, where } of nestedOf(path, schema))
    checkComplete(place, where, nested, structure, errors)
  return errors.sort((a, b) => (errorText(a) < errorText(b) ? -1 : 1))
}

function checkInvariants(path: FieldPath, schema: Schema, level: Level, errors: FieldError[]): void {
  const items = itemsOf(schema)
  const additional = additionalOf(schema)
  if (schema.type === 'array' && !items) errors.push(required(path.child('items'), 'must be specified'))
  if (items) checkInvariants(path.child('items'), items, 'item', errors)
  for (const [name, property] of Object.entries(schema.properties ?? {}))
    checkInvariants(path.child('properties').key(name), property, 'field', errors)
  if (schema.additionalProperties !== undefined && level === 'root')
    errors.push(forbidden(path.child('additionalProperties'), 'must not be used at the root'))
  if (additional) checkInvariants(path.child('additionalProperties'), additional, 'field', errors)
  checkExtensions(path, schema, errors)
  checkValidation(path, schema, isAnyOfIntOrString(schema), isAnyOfIntOrString(schema.allOf?.[0]), errors)
  checkTypes(path, schema, level, errors)
  checkMetadata(path, schema, level, errors)
}

function checkExtensions(path: FieldPath, schema: Schema, errors: FieldError[]): void {
  const text = 'must be false if x-kubernetes-int-or-string is true'
  if (isIntOrString(schema) && keepsUnknown(schema))
    errors.push(invalid(path.child('x-kubernetes-preserve-unknown-fields'), true, text))
  if (isIntOrString(schema) && isEmbedded(schema))
    errors.push(invalid(path.child('x-kubernetes-embedded-resource'), true, text))
}

function checkTypes(path: FieldPath, schema: Schema, level: Level, errors: FieldError[]): void {
  const { type = '' } = schema
  if (isEmbedded(schema) && type !== 'object') {
    const text = 'must be object if x-kubernetes-embedded-resource is true'
    errors.push(type === '' ? required(path.child('type'), text) : invalid(path.child('type'), type, text))
  } else if (type === '' && !isIntOrString(schema) && !keepsUnknown(schema))
    errors.push(required(path.child('type'), emptyType[level]))
  if (isEmbedded(schema) && schema.additionalProperties !== undefined)
    errors.push(
      forbidden(path.child('additionalProperties'), 'must not be used if x-kubernetes-embedded-resource is set'),
    )
  if (level === 'root' && type !== '' && type !== 'object')
    errors.push(invalid(path.child('type'), type, 'must be object at the root'))
}

function checkMetadata(path: FieldPath, schema: Schema, level: Level, errors: FieldError[]): void {
  const isResource = level === 'root' || isEmbedded(schema)
  const properties = path.child('properties')
  for (const name of ['kind', 'apiVersion']) {
    const property = propertyOf(schema, name)
    if (isResource && property && property.type !== 'string')
      errors.push(invalid(properties.key(name).child('type'), property.type ?? '', 'must be string'))
  }
  const metadata = propertyOf(schema, 'metadata')
  if (metadata && isResource && metadata.type !== 'object')
    errors.push(invalid(properties.key('metadata').child('type'), metadata.type ?? '', 'must be object'))
  if (metadata && level === 'root' && saysMoreThanNames(metadata))
    errors.push(
      forbidden(
        properties.key('metadata'),
        'must not specify anything other than name and generateName, but metadata is implicitly specified',
      ),
    )
  if (isEmbedded(schema) && !keepsUnknown(schema) && Object.keys(schema.properties ?? {}).length === 0)
    errors.push(
      required(
        path.child('properties'),
        'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields',
      ),
    )
}

function saysMoreThanNames({ type: _type, default: _default, properties = {}, ...rest }: Schema): boolean {
  const others = Object.keys(properties).filter((name) => name !== 'name' && name !== 'generateName')
  return (
    others.length > 0 || Object.values(rest).some((value) => value !== undefined && value !== false && value !== '')
  )
}

/** The one place where a type may stand inside anyOf. */
function isAnyOfIntOrString(schema: Schema | undefined): boolean {
  return deepEqual(schema?.anyOf, [{ type: 'integer' }, { type: 'string' }])
}

function checkValidation(
  path: FieldPath,
  schema: Schema,
  skipAnyOf: boolean,
  skipFirstAllOf: boolean,
  errors: FieldError[],
): void {
  if (!skipAnyOf)
    for (const [i, one] of (schema.anyOf ?? []).entries()) checkNested(path.child('anyOf').index(i), one, false, errors)
  for (const [i, one] of (schema.allOf ?? []).entries())
    checkNested(path.child('allOf').index(i), one, skipFirstAllOf && i === 0, errors)
  for (const [i, one] of (schema.oneOf ?? []).entries()) checkNested(path.child('oneOf').index(i), one, false, errors)
  if (schema.not) checkNested(path.child('not'), schema.not, false, errors)
  const pattern = schema.pattern && compiled(schema.pattern)
  if (pattern instanceof Error)
    errors.push(
      invalid(
        path.child('pattern'),
        schema.pattern,
        `must be a valid regular expression, but isn't: ${pattern.message}`,
      ),
    )
}

const notNested = [
  ['type', 'must be empty to be structural'],
  ['additionalProperties', 'must be undefined to be structural'],
  ['default', 'must be undefined to be structural'],
  ['title', 'must be empty to be structural'],
  ['description', 'must be empty to be structural'],
  ['nullable', 'must be false to be structural'],
  ['x-kubernetes-preserve-unknown-fields', 'must be false to be structural'],
  ['x-kubernetes-embedded-resource', 'must be false to be structural'],
  ['x-kubernetes-int-or-string', 'must be false to be structural'],
  ['x-kubernetes-list-map-keys', 'must be empty to be structural'],
  ['x-kubernetes-list-type', 'must be undefined to be structural'],
  ['x-kubernetes-map-type', 'must be undefined to be structural'],
  ['x-kubernetes-validations', 'must be empty to be structural'],
] as const

function checkNested(path: FieldPath, schema: Schema, skipAnyOf: boolean, errors: FieldError[]): void {
  checkValidation(path, schema, skipAnyOf, false, errors)
  const items = itemsOf(schema)
  if (items) checkNested(path.child('items'), items, false, errors)
  for (const [name, property] of Object.entries(schema.properties ?? {}))
    checkNested(path.child('properties').key(name), property, false, errors)
  for (const [field, text] of notNested) {
    const value: unknown = schema[field]
    // additionalProperties: false says no more than nothing does
    if (value === undefined || value === false || value === '' || (Array.isArray(value) && value.length === 0)) continue
    errors.push(forbidden(path.child(field), text))
  }
  if (propertyOf(schema, 'metadata'))
    errors.push(forbidden(path.child('properties').key('metadata'), 'must not be specified in a nested context'))
}

/** A schema inside allOf or its like, with the schema whose fields it may speak of. */
interface Nested {
  nested: Schema
  place: FieldPath
  structure: Schema
  where: FieldPath
}

function* nestedOf(path: FieldPath, schema: Schema, structure = schema, place = path): Generator<Nested> {
  if (schema.not) yield { nested: schema.not, place, structure, where: path.child('not') }
  for (const name of ['allOf', 'anyOf', 'oneOf'] as const)
    for (const [i, nested] of (schema[name] ?? []).entries())
      yield { nested, place, structure, where: path.child(name).index(i) }
}

// apiextensions-apiserver/pkg/apiserver/schema/complete.go validateNestedValueValidationCompleteness
function checkComplete(
  place: FieldPath,
  where: FieldPath,
  nested: Schema,
  structure: Schema | undefined,
  errors: FieldError[],
): void {
  if (!structure) {
    errors.push(required(place, `because it is defined in ${where.toString()}`))
    return
  }
  for (const one of nestedOf(where, nested, structure, place))
    checkComplete(one.place, one.where, one.nested, one.structure, errors)
  const items = itemsOf(nested)
  if (items) checkComplete(place.child('items'), where.child('items'), items, itemsOf(structure), errors)
  for (const [name, property] of Object.entries(nested.properties ?? {})) {
    const path = place.child('properties').key(name)
    checkComplete(path, where.child('properties').key(name), property, propertyOf(structure, name), errors)
  }
}
