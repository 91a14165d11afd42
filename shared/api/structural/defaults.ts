import { clone } from '../../machinery/deep.ts'
import { isObject, ownValue, setOwn } from '../../machinery/patch/json-object.ts'
import { itemsOf, schemaUnder, additionalOf, propertyOf, type Schema } from './schema.ts'

const hasDefault = (schema: Schema): boolean => schema.default !== undefined && schema.default !== null

/** Removes nulls where the schema takes none and has no default to put there, in place. */
// apiextensions-apiserver/pkg/apiserver/schema/defaulting/prunenulls.go PruneNonNullableNullsWithoutDefaults
export function dropNulls(value: unknown, schema: Schema | undefined): void {
  if (!schema) return
  if (Array.isArray(value)) {
    for (const item of value) dropNulls(item, itemsOf(schema))
  } else if (isObject(value)) {
    for (const key of Object.keys(value)) {
      const under = schemaUnder(schema, key)
      if (value[key] !== null) dropNulls(value[key], under)
      else if (under && !under.nullable && !hasDefault(under)) delete value[key]
    }
  }
}

/** Fills in what the schema has a default for, in place. */
// apiextensions-apiserver/pkg/apiserver/schema/defaulting/algorithm.go Default
export function applyDefaults(value: unknown, schema: Schema | undefined): void {
  if (!schema) return
  if (Array.isArray(value)) {
    const items = itemsOf(schema)
    if (!items) return
    for (let i = 0; i < value.length; i++) {
      if (value[i] === null && !items.nullable) value[i] = clone(items.default ?? null)
      applyDefaults(value[i], items)
    }
  } else if (isObject(value)) {
    for (const [key, property] of Object.entries(schema.properties ?? {})) {
      if (!hasDefault(property)) continue
      const present = ownValue(value, key)
      if (present === undefined || (present === null && !property.nullable)) setOwn(value, key, clone(property.default))
    }
    const additional = additionalOf(schema)
    for (const key of Object.keys(value)) {
      const property = propertyOf(schema, key)
      if (property) applyDefaults(value[key], property)
      else if (additional) {
        if (value[key] === null && !additional.nullable) setOwn(value, key, clone(additional.default ?? null))
        applyDefaults(value[key], additional)
      }
    }
  }
}
