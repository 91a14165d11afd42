import { duplicate, invalid, type FieldError, type FieldPath } from '../../machinery/fieldpath.ts'
import { isObject, ownValue, setOwn, type Json } from '../../machinery/patch/json-object.ts'
import { itemsOf, schemaUnder, propertyOf, type Schema } from './schema.ts'

/** Sets whose elements, and lists of type map whose keys, are there more than once. */
// apiextensions-apiserver/pkg/apiserver/schema/listtype/validation.go ValidateListSetsAndMaps
export function validateListTypes(path: FieldPath, schema: Schema | undefined, value: unknown): FieldError[] {
  if (!schema) return []
  if (Array.isArray(value)) {
    const items = itemsOf(schema)
    return [
      ...validateList(path, schema, value),
      ...value.flatMap((item: unknown, i) => validateListTypes(path.index(i), items, item)),
    ]
  }
  if (!isObject(value)) return []
  return Object.keys(value).flatMap((key) => {
    const place = propertyOf(schema, key) ? path.child(key) : path.key(key)
    return validateListTypes(place, schemaUnder(schema, key), value[key])
  })
}

function validateList(path: FieldPath, schema: Schema, list: readonly unknown[]): FieldError[] {
  const listType = schema['x-kubernetes-list-type']
  if (listType === 'set') return repeated(list).map((i) => duplicate(path.index(i), list[i]))
  if (listType !== 'map') return []
  for (const [i, item] of list.entries())
    if (item !== null && !isObject(item))
      return [invalid(path.index(i), item, 'must be an object for an array of list-type map')]
  const keys = list.map((item) => keyOf(schema['x-kubernetes-list-map-keys'] ?? [], item as Json | null))
  return repeated(keys).map((i) => duplicate(path.index(i), keys[i]))
}

function keyOf(names: readonly string[], item: Json | null): Json {
  const key: Json = {}
  for (const name of names) {
    const value = item === null ? undefined : ownValue(item, name)
    if (value !== undefined) setOwn(key, name, value)
  }
  return key
}

/** Where values come for the second time. */
function repeated(values: readonly unknown[]): number[] {
  if (values.length <= 1) return []
  const seen = new Map<string, number>()
  const result: number[] = []
  for (const [i, value] of values.entries()) {
    const text = canonical(value)
    const times = seen.get(text) ?? 0
    if (times === 1) result.push(i)
    seen.set(text, times + 1)
  }
  return result
}

/** JSON with sorted keys: the same for equal values. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) =>
    isObject(item) ? Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)) : item,
  )
}
