import { EvalError } from './errors.ts'
import { typeName } from './types.ts'
import { ListValue, MapValue, Optional, typeOf, Uint, type Value } from './values.ts'

// cel-go interpreter/attributes.go refQualify, applyQualifiers

/** `value.field`; of an optional it is an optional again. Throws EvalError where there is no such field. */
export function select(value: Value, field: string): Value {
  if (value instanceof Optional) return selectOptional(value, field)
  if (value instanceof ListValue) throw new EvalError(`unsupported index type 'string' in list`)
  const found = value instanceof MapValue ? value.select(field) : undefined
  if (found === undefined) throw noKey(field)
  return found
}

/** `has(value.field)`. */
export function has(value: Value, field: string): boolean {
  if (value instanceof Optional) return value.value !== undefined && has(value.value, field)
  if (value instanceof MapValue) return value.select(field) !== undefined
  throw noKey(field)
}

/** `value[key]`. */
export function index(value: Value, key: Value): Value {
  if (value instanceof Optional) return selectOptional(value, key)
  if (value instanceof ListValue) {
    const at = listIndex(key)
    if (at < 0 || at >= value.size) throw new EvalError(`index out of bounds: ${at}`)
    return value.at(at)
  }
  const found = value instanceof MapValue ? value.select(key) : undefined
  if (found === undefined) throw noKey(key)
  return found
}

/** `value.?field` and `value[?key]`. */
export function selectOptional(value: Value, key: Value): Optional {
  if (value instanceof Optional) return value.value === undefined ? value : selectOptional(value.value, key)
  let found: Value | undefined
  if (value instanceof ListValue) {
    const at = listIndex(key)
    if (at >= 0 && at < value.size) found = value.at(at)
  } else if (value instanceof MapValue) found = value.select(key)
  else throw noKey(key)
  if (found === undefined) return Optional.none
  return found instanceof Optional ? found : new Optional(found)
}

function noKey(key: Value): EvalError {
  const shown = key instanceof Uint ? key.value : key
  return new EvalError(`no such key: ${typeof shown === 'object' ? typeName(typeOf(key)) : String(shown)}`)
}

// cel-go common/types/list.go IndexOrError
function listIndex(key: Value): number {
  if (typeof key === 'bigint') return Number(key)
  if (key instanceof Uint) return Number(key.value)
  if (typeof key === 'number') {
    if (Number.isInteger(key)) return key
    throw new EvalError(`unsupported index value ${key} in list`)
  }
  throw new EvalError(`unsupported index type '${typeName(typeOf(key))}' in list`)
}
