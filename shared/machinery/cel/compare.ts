import { BudgetError, EvalError } from './errors.ts'
import { sameType, typeName } from './types.ts'
import {
  Duration,
  type ListIdentity,
  ListValue,
  MapValue,
  OpaqueValue,
  Optional,
  Timestamp,
  TypeValue,
  typeOf,
  Uint,
  type Value,
} from './values.ts'

const maxDepth = 500

// cel-go common/types: Equal of each type; numbers are equal across types
/** Deep equality. `work` is told how many values were looked at, and may throw. */
export function equal(a: Value, b: Value, work: (steps: number) => void, depth = 0): boolean {
  if (a === b) return true
  if (depth > maxDepth) throw new BudgetError()
  work(1)
  if (isNumeric(a)) return isNumeric(b) && compareNumbers(a, b) === 0
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') return false
  if (a instanceof ListValue) {
    if (!(b instanceof ListValue) || a.size !== b.size) return false
    if (a.identity !== undefined) return equalUnordered(a, b, a.identity, work, depth)
    for (let i = 0; i < a.size; i++) if (!equal(a.at(i), b.at(i), work, depth + 1)) return false
    return true
  }
  if (a instanceof MapValue) {
    if (!(b instanceof MapValue) || a.size !== b.size) return false
    for (const key of a.keys()) {
      const left = a.get(key)
      const right = b.get(key)
      if (left === undefined || right === undefined || !equal(left, right, work, depth + 1)) return false
    }
    return true
  }
  if (a instanceof Uint8Array) return b instanceof Uint8Array && compareBytes(a, b) === 0
  if (a instanceof Duration) return b instanceof Duration && a.ns === b.ns
  if (a instanceof Timestamp) return b instanceof Timestamp && a.ns === b.ns
  if (a instanceof TypeValue) return b instanceof TypeValue && typeName(a.type) === typeName(b.type)
  if (a instanceof Optional) {
    if (!(b instanceof Optional)) return false
    if (a.value === undefined || b.value === undefined) return a.value === b.value
    return equal(a.value, b.value, work, depth + 1)
  }
  return a instanceof OpaqueValue && b instanceof OpaqueValue && sameType(a.type, b.type) && a.equals(b)
}

// apiserver/pkg/cel/common/values.go unstructuredSetList.Equal, unstructuredMapList.Equal
function equalUnordered(
  a: ListValue,
  b: ListValue,
  identity: ListIdentity,
  work: (steps: number) => void,
  depth: number,
): boolean {
  const others = new Map<string, Value>()
  for (let i = 0; i < b.size; i++) others.set(identity(b.at(i)), b.at(i))
  work(b.size)
  for (let i = 0; i < a.size; i++) {
    const other = others.get(identity(a.at(i)))
    if (other === undefined || !equal(a.at(i), other, work, depth + 1)) return false
  }
  return true
}

/** Less than, equal to or more than 0; NaN where numbers have no order. Throws EvalError for what cannot be ordered. */
export function compare(a: Value, b: Value): number {
  if (isNumeric(a) && isNumeric(b)) return compareNumbers(a, b)
  if (typeof a === 'string' && typeof b === 'string') return compareStrings(a, b)
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b)
  if (a instanceof Duration && b instanceof Duration) return order(a.ns, b.ns)
  if (a instanceof Timestamp && b instanceof Timestamp) return order(a.ns, b.ns)
  if (a instanceof Uint8Array && b instanceof Uint8Array) return compareBytes(a, b)
  throw new EvalError(`no such overload: compare(${typeName(typeOf(a))}, ${typeName(typeOf(b))})`)
}

type Numeric = bigint | number | Uint

const isNumeric = (value: Value): value is Numeric =>
  typeof value === 'bigint' || typeof value === 'number' || value instanceof Uint

/** JavaScript compares bigint and number by their exact values. */
function compareNumbers(a: Numeric, b: Numeric): number {
  const left = a instanceof Uint ? a.value : a
  const right = b instanceof Uint ? b.value : b
  if (left < right) return -1
  if (left > right) return 1
  return left == right ? 0 : Number.NaN // eslint-disable-line eqeqeq -- 1n equals 1
}

const order = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0)

/** By code points, as Go's UTF-8 strings order; code units differ from that where surrogates are. */
function compareStrings(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const left = a.charCodeAt(i)
    const right = b.charCodeAt(i)
    if (left === right) continue
    const leftWide = left >= 0xd800 && left <= 0xdfff
    const rightWide = right >= 0xd800 && right <= 0xdfff
    return leftWide === rightWide ? left - right : leftWide ? 1 : -1
  }
  return a.length - b.length
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}
