import { isObject } from '../../machinery/patch/json-object.ts'
import type { JSONSchemaProps } from '../types/apiextensions-v1.ts'

/** The schema of a custom resource, or of a part of it. */
export type Schema = JSONSchemaProps

/** The schema of each element; undefined where there is none. */
export function itemsOf({ items }: Schema): Schema | undefined {
  return Array.isArray(items) ? undefined : items
}

/** The schema of a named property. */
export function propertyOf({ properties }: Schema, name: string): Schema | undefined {
  return properties && Object.hasOwn(properties, name) ? properties[name] : undefined
}

/** The schema of values under names that are no properties; undefined where there is none (`true` says nothing). */
export function additionalOf({ additionalProperties }: Schema): Schema | undefined {
  return isObject(additionalProperties) ? additionalProperties : undefined
}

/** The schema of whatever stands under a name. */
export function schemaUnder(schema: Schema, name: string): Schema | undefined {
  return propertyOf(schema, name) ?? additionalOf(schema)
}

/** Fields that every resource has, whatever its schema says. */
export const isMetaField = (name: string): boolean => name === 'apiVersion' || name === 'kind' || name === 'metadata'

export const keepsUnknown = (schema: Schema): boolean => schema['x-kubernetes-preserve-unknown-fields'] === true
export const isEmbedded = (schema: Schema): boolean => schema['x-kubernetes-embedded-resource'] === true
export const isIntOrString = (schema: Schema): boolean => schema['x-kubernetes-int-or-string'] === true
