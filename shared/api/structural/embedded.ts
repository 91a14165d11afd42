import { invalid, required, type FieldError, type FieldPath } from '../../machinery/fieldpath.ts'
import type { ObjectMeta } from '../../machinery/meta-v1.gen.ts'
import { isDNS1035Label } from '../../machinery/names.ts'
import { isObject, type Json } from '../../machinery/patch/json-object.ts'
import { validateMeta } from '../kinds/meta.ts'
import { isEmbedded, itemsOf, propertyOf, schemaUnder, type Schema } from './schema.ts'

/** What is wrong with the names and metadata of resources inside a resource. */
// apiextensions-apiserver/pkg/apiserver/schema/objectmeta/validation.go Validate
export function validateEmbedded(path: FieldPath, value: unknown, schema: Schema | undefined): FieldError[] {
  if (!schema) return []
  if (Array.isArray(value)) return value.flatMap((item, i) => validateEmbedded(path.index(i), item, itemsOf(schema)))
  if (!isObject(value)) return []
  return [
    ...(isEmbedded(schema) ? validateResource(path, value) : []),
    ...Object.keys(value).flatMap((key) => {
      const place = propertyOf(schema, key) ? path.child(key) : path.key(key)
      return validateEmbedded(place, value[key], schemaUnder(schema, key))
    }),
  ]
}

function validateResource(path: FieldPath, value: Json): FieldError[] {
  const errors: FieldError[] = []
  const { apiVersion, kind, metadata } = value
  for (const field of ['apiVersion', 'kind'] as const) {
    const given = value[field]
    if (given === undefined) errors.push(required(path.child(field)))
    else if (typeof given !== 'string') errors.push(invalid(path.child(field), given, 'must be a string'))
    else if (given === '') errors.push(invalid(path.child(field), given, 'must not be empty'))
  }
  if (typeof apiVersion === 'string' && apiVersion.split('/').length > 2)
    errors.push(invalid(path.child('apiVersion'), apiVersion, `unexpected GroupVersion string: ${apiVersion}`))
  if (typeof kind === 'string' && kind !== '') {
    const texts = isDNS1035Label(kind.toLowerCase())
    const text = `may have mixed case, but should otherwise match: ${texts.join(',')}`
    if (texts.length > 0) errors.push(invalid(path.child('kind'), kind, text))
  }
  if (isObject(metadata)) {
    const meta = { ...metadata, name: metadata['name'] || 'fakename' } as ObjectMeta
    errors.push(...validateMeta(meta, !!meta.namespace, 'pathSegment', path.child('metadata'), true))
  } else if (metadata !== undefined) errors.push(invalid(path.child('metadata'), metadata, 'must be an object'))
  return errors
}
