import { deepEqual } from '../../machinery/deep.ts'
import {
  invalid,
  notSupported,
  required,
  tooLong,
  tooMany,
  typeInvalid,
  type FieldError,
  type FieldPath,
} from '../../machinery/fieldpath.ts'
import { isObject, ownValue, type Json } from '../../machinery/patch/json-object.ts'
import { quote } from '../../machinery/quote.ts'
import { Regexp } from '../../machinery/re2/regexp.ts'
import { hasFormat, knownFormat } from './formats.ts'
import { additionalOf, isIntOrString, isMetaField, itemsOf, propertyOf, schemaUnder, type Schema } from './schema.ts'

/** The value a part of an object had before an update, where it can be told which part that was. */
interface Before {
  value: unknown
  /** Says how lists are correlated: the schema of the part itself, also inside allOf and its like. */
  schema: Schema
}

interface Problem {
  /** What tells whether it was reported already. */
  text: string
  toFieldError(root: FieldPath): FieldError
}

/** Problems, and how many checks went well: among alternatives, the one with most of them is reported. */
class Result {
  readonly problems: Problem[] = []
  matches = 0

  add(problem: Problem): void {
    if (!this.problems.some(({ text }) => text === problem.text)) this.problems.push(problem)
  }

  merge(other: Result): void {
    for (const problem of other.problems) this.add(problem)
    this.matches += other.matches
  }

  get valid(): boolean {
    return this.problems.length === 0
  }
}

/** What is wrong with a value by its schema; `path` is where the value stands. */
// apiextensions-apiserver/pkg/apiserver/validation/validation.go ValidateCustomResource
export function validateValue(path: FieldPath, value: unknown, schema: Schema): FieldError[] {
  return check(schema, value, '', undefined).problems.map((problem) => problem.toFieldError(path))
}

/** As validateValue, but what is wrong with parts that have not changed is let pass. */
// apiextensions-apiserver/pkg/apiserver/validation/ratcheting.go RatchetingSchemaValidator
export function validateValueUpdate(path: FieldPath, value: unknown, old: unknown, schema: Schema): FieldError[] {
  const { problems } = ratchet(schema, value, '', { value: old, schema })
  return problems.map((problem) => problem.toFieldError(path))
}

function ratchet(schema: Schema, value: unknown, path: string, before: Before | undefined): Result {
  const result = check(schema, value, path, before)
  if (result.valid || !before || !deepEqual(value, before.value)) return result
  return new Result()
}

// apiserver/pkg/cel/common/equality.go CorrelatedObject.Key
function beforeUnder(before: Before | undefined, path: string, key: string): Before | undefined {
  if (!before || !isObject(before.value) || (path === '' && isMetaField(key))) return undefined
  const schema = schemaUnder(before.schema, key)
  if (!schema || !Object.hasOwn(before.value, key)) return undefined
  return { value: ownValue(before.value, key), schema }
}

// apiserver/pkg/cel/common/equality.go CorrelatedObject.Index: elements of lists of type map alone can be found again
function beforeElements(before: Before | undefined): (element: unknown) => Before | undefined {
  const items = before && itemsOf(before.schema)
  if (!before || !items || before.schema['x-kubernetes-list-type'] !== 'map' || !Array.isArray(before.value))
    return () => undefined
  const names = before.schema['x-kubernetes-list-map-keys'] ?? []
  const keyOf = (element: unknown): string =>
    JSON.stringify(names.map((name) => (isObject(element) ? (ownValue(element, name) ?? null) : null)))
  const known = new Map(before.value.map((element: unknown) => [keyOf(element), element]))
  return (element) => {
    const key = keyOf(element)
    return known.has(key) ? { value: known.get(key), schema: items } : undefined
  }
}

// kube-openapi/pkg/validation/validate/schema.go SchemaValidator.Validate
function check(schema: Schema, value: unknown, path: string, before: Before | undefined): Result {
  const result = new Result()
  checkType(schema, value, path, result)
  if (value === null || value === undefined) {
    checkEnum(schema, value, path, result)
    return result
  }
  checkCombinations(schema, value, path, before, result)
  result.matches++
  if (typeof value === 'string') checkString(schema, value, path, result)
  else if (typeof value === 'number') checkNumber(schema, value, path, result)
  else if (Array.isArray(value)) checkList(schema, value, path, before, result)
  checkEnum(schema, value, path, result)
  if (isObject(value)) checkObject(schema, value, path, before, result)
  result.matches += 2
  return result
}

function problem(path: string, text: string, make: (place: FieldPath) => FieldError): Problem {
  const name = path.startsWith('.') ? path.slice(1) : path
  return { text, toFieldError: (root) => make(name === '' ? root : root.child(name)) }
}

const invalidAt = (path: string, value: unknown, text: string): Problem =>
  problem(path, text, (place) => invalid(place, value ?? '', text))

/** A complaint that names no field. */
const general = (text: string): Problem => ({ text, toFieldError: () => invalid('<nil>', '', text) })

function wrongType(path: string, wanted: string, found: string): Problem {
  const text = `${path} in body must be of type ${wanted}: ${quote(found)}`
  return problem(path, text, (place) => typeInvalid(place, found, text))
}

const typesOf = (schema: Schema): readonly string[] =>
  isIntOrString(schema) ? ['integer', 'string'] : schema.type ? [schema.type] : []

/** The name of a value's type, and of the format Go has it in. */
function typeOf(value: unknown): [type: string, format: string] {
  switch (typeof value) {
    case 'boolean':
      return ['boolean', '']
    case 'string':
      return ['string', '']
    case 'number':
      return Number.isInteger(value) && Math.abs(value) < 2 ** 63 ? ['integer', 'int64'] : ['number', 'float64']
    default:
      return [Array.isArray(value) ? 'array' : 'object', '']
  }
}

// kube-openapi/pkg/validation/validate/type.go typeValidator.Validate
function checkType(schema: Schema, value: unknown, path: string, result: Result): void {
  const types = typesOf(schema)
  const wanted = knownFormat(schema)
  if (types.length === 0 && wanted === '') return
  if (value === null || value === undefined) {
    if (types.length > 0 && !schema.nullable) result.add(wrongType(path, types.join(), 'null'))
    else result.matches++
    return
  }
  const [type, format] = typeOf(value)
  const numeric = types.includes('number') || types.includes('integer')
  const fits =
    types.includes(type) ||
    (type === 'integer' && types.includes('number')) ||
    (typeof value === 'number' && Number.isInteger(value) && types.includes('integer'))
  const loose = typeof value === 'string' || Array.isArray(value)
  if (!loose && wanted !== '' && !fits && format !== wanted) result.add(wrongType(path, wanted, format))
  else if (!fits && !(loose && wanted !== '' && !numeric)) result.add(wrongType(path, types.join(), type))
  else result.matches++
}

// kube-openapi/pkg/validation/validate/validator.go stringValidator, formats.go formatValidator
function checkString(schema: Schema, value: string, path: string, result: Result): void {
  const { minLength, maxLength, pattern } = schema
  const length = minLength === undefined && maxLength === undefined ? 0 : [...value].length
  if (maxLength !== undefined && length > maxLength)
    result.add(problem(path, `${path} too long`, (place) => tooLong(place, '', maxLength)))
  else if (minLength !== undefined && length < minLength)
    result.add(invalidAt(path, value, `${path} in body should be at least ${String(minLength)} chars long`))
  else if (pattern) {
    const trouble = mismatch(pattern, value)
    if (trouble !== undefined) result.add(invalidAt(path, value, `${path} in body should match '${trouble}'`))
  }
  const format = knownFormat(schema)
  if (format !== '' && !hasFormat(format, value)) result.add(wrongType(path, format, value))
  result.matches++
}

const patterns = new Map<string, Regexp | Error>()
const maxPatterns = 1000

/** The compiled pattern, or why it is none. */
export function compiled(pattern: string): Regexp | Error {
  let found = patterns.get(pattern)
  if (!found) {
    try {
      found = new Regexp(pattern)
    } catch (error) {
      found = error instanceof Error ? error : new Error(String(error))
    }
    if (patterns.size >= maxPatterns) patterns.clear()
    patterns.set(pattern, found)
  }
  return found
}

function mismatch(pattern: string, value: string): string | undefined {
  const found = compiled(pattern)
  if (found instanceof Error) return `${pattern}, but pattern is invalid: ${found.message}`
  return found.test(value) ? undefined : pattern
}

// kube-openapi/pkg/validation/validate/validator.go numberValidator.Validate
function checkNumber(schema: Schema, value: number, path: string, result: Result): void {
  const { multipleOf, maximum, minimum, exclusiveMaximum = false, exclusiveMinimum = false } = schema
  const format = knownFormat(schema)
  if (schema.type === 'integer' && !isIntOrString(schema)) {
    const limit = format === 'int32' ? 2 ** 31 : 2 ** 63
    const fits = Number.isInteger(value) && value >= -limit && value < limit
    const kind = format === '' ? '(default format)' : `with format ${format}`
    if (!fits) result.add(general(`Checked value must be of type integer ${kind} in ${path}`))
  }
  if (format === 'float' && Math.abs(value) > 3.4028234663852886e38)
    result.add(general(`Checked value must be of type number with format float in ${path}`))
  if (multipleOf !== undefined) {
    if (multipleOf <= 0)
      result.add(
        invalidAt(path, value, `factor MultipleOf declared for ${path} must be positive: ${String(multipleOf)}`),
      )
    else if (!isNearlyInteger(multipleOf < 1 ? (1 / multipleOf) * value : value / multipleOf))
      result.add(invalidAt(path, value, `${path} in body should be a multiple of ${String(multipleOf)}`))
  }
  if (maximum !== undefined && (exclusiveMaximum ? value >= maximum : value > maximum))
    result.add(
      invalidAt(
        path,
        value,
        `${path} in body should be less than ${exclusiveMaximum ? '' : 'or equal to '}${String(maximum)}`,
      ),
    )
  if (minimum !== undefined && (exclusiveMinimum ? value <= minimum : value < minimum))
    result.add(
      invalidAt(
        path,
        value,
        `${path} in body should be greater than ${exclusiveMinimum ? '' : 'or equal to '}${String(minimum)}`,
      ),
    )
  result.matches += 2
}

// go-openapi/swag convert.go IsFloat64AJSONInteger
function isNearlyInteger(value: number): boolean {
  return Number.isInteger(value) || Math.abs(value - Math.round(value)) < 1e-9 * Math.max(1, Math.abs(value))
}

// kube-openapi/pkg/validation/validate/slice_validator.go
function checkList(
  schema: Schema,
  list: readonly unknown[],
  path: string,
  before: Before | undefined,
  result: Result,
): void {
  const items = itemsOf(schema)
  const { minItems, maxItems } = schema
  const elementBefore = beforeElements(before)
  if (items)
    for (const [i, item] of list.entries())
      result.merge(ratchet(items, item, `${path}[${String(i)}]`, elementBefore(item)))
  if (minItems !== undefined && list.length < minItems)
    result.add(invalidAt(path, list.length, `${path} in body should have at least ${String(minItems)} items`))
  if (maxItems !== undefined && list.length > maxItems)
    result.add(problem(path, `${path} too many items`, (place) => tooMany(place, list.length, maxItems)))
  result.matches += 2
}

// kube-openapi/pkg/validation/validate/values.go Enum
function checkEnum(schema: Schema, value: unknown, path: string, result: Result): void {
  const values = schema.enum
  if (!values || values.length === 0) return
  if (value !== null && value !== undefined && values.some((one) => deepEqual(one, value))) return
  const texts = values.map((one) => (typeof one === 'string' ? one : JSON.stringify(one)))
  result.add(problem(path, `${path} in body should be one of`, (place) => notSupported(place, value, texts)))
}

// kube-openapi/pkg/validation/validate/object_validator.go
function checkObject(schema: Schema, object: Json, path: string, before: Before | undefined, result: Result): void {
  const { minProperties, maxProperties } = schema
  const keys = Object.keys(object)
  if (minProperties !== undefined && keys.length < minProperties)
    result.add(invalidAt(path, keys.length, `${path} in body should have at least ${String(minProperties)} properties`))
  if (maxProperties !== undefined && keys.length > maxProperties)
    result.add(problem(path, `${path} too many properties`, (place) => tooMany(place, keys.length, maxProperties)))
  const additional = additionalOf(schema)
  for (const key of keys) {
    const property = propertyOf(schema, key)
    if (property) {
      const place = path === '' ? key : `${path}.${key}`
      result.merge(ratchet(property, object[key], place, beforeUnder(before, path, key)))
    } else if (schema.additionalProperties === false)
      result.add(invalidAt(path, key, `${path}.${key} in body is a forbidden property`))
    else if (additional)
      result.merge(ratchet(additional, object[key], `${path}.${key}`, beforeUnder(before, path, key)))
  }
  for (const name of schema.required ?? [])
    if (!Object.hasOwn(object, name))
      result.add(problem(`${path}.${name}`, `${path}.${name} in body is required`, (place) => required(place)))
}

// kube-openapi/pkg/validation/validate/schema_props.go
function checkCombinations(
  schema: Schema,
  value: unknown,
  path: string,
  before: Before | undefined,
  result: Result,
): void {
  const { anyOf = [], oneOf = [], allOf = [], not } = schema
  const results = (schemas: readonly Schema[]): Result[] => schemas.map((one) => check(one, value, path, before))
  if (anyOf.length > 0) {
    const found = results(anyOf)
    const success = found.find(({ valid }) => valid)
    if (!success) result.add(general(`${quote(path)} must validate at least one schema (anyOf)`))
    result.merge(success ?? best(found))
  }
  if (oneOf.length > 0) {
    const found = results(oneOf)
    const successes = found.filter(({ valid }) => valid)
    if (successes.length === 1) result.merge(successes[0] ?? new Result())
    else {
      const count = successes.length === 0 ? 'Found none valid' : `Found ${String(successes.length)} valid alternatives`
      result.add(general(`${quote(path)} must validate one and only one schema (oneOf). ${count}`))
      if (successes.length === 0) result.merge(best(found))
    }
  }
  if (allOf.length > 0) {
    const found = results(allOf)
    for (const one of found) result.merge(one)
    const validated = found.filter(({ valid }) => valid).length
    if (validated < found.length)
      result.add(
        general(`${quote(path)} must validate all the schemas (allOf)${validated === 0 ? '. None validated' : ''}`),
      )
  }
  if (not && check(not, value, path, before).valid)
    result.add(general(`${quote(path)} must not validate the schema (not)`))
  result.matches++
}

const best = (results: readonly Result[]): Result =>
  results.reduce((most, one) => (one.matches > most.matches ? one : most), results[0] ?? new Result())
