import { equal } from '../compare.ts'
import { EvalError } from '../errors.ts'
import { type CallContext, type Overload, overload } from '../functions.ts'
import { ArrayList, Duration, HashMap, ListValue, MapValue, Optional, Timestamp, Uint, type Value } from '../values.ts'

function includes(list: ListValue, wanted: Value, context: CallContext): boolean {
  for (let i = 0; i < list.size; i++) if (equal(list.at(i), wanted, (steps) => context.work(steps))) return true
  return false
}

function containsAll(list: ListValue, part: ListValue, context: CallContext): boolean {
  for (let i = 0; i < part.size; i++) if (!includes(list, part.at(i), context)) return false
  return true
}

function containsSome(list: ListValue, part: ListValue, context: CallContext): boolean {
  for (let i = 0; i < part.size; i++) if (includes(list, part.at(i), context)) return true
  return false
}

/** cel-go ext/sets.go. */
export const setLibrary: readonly Overload[] = [
  overload('sets.contains', 'list_sets_contains_list', '(list(T), list(T)) bool', (args, context) =>
    containsAll(args.get<ListValue>(0), args.get<ListValue>(1), context),
  ),
  overload('sets.intersects', 'list_sets_intersects_list', '(list(T), list(T)) bool', (args, context) =>
    containsSome(args.get<ListValue>(0), args.get<ListValue>(1), context),
  ),
  overload('sets.equivalent', 'list_sets_equivalent_list', '(list(T), list(T)) bool', (args, context) => {
    const [a, b] = [args.get<ListValue>(0), args.get<ListValue>(1)]
    return containsAll(a, b, context) && containsAll(b, a, context)
  }),
]

function isZero(value: Value): boolean {
  if (value === null || value === false || value === 0n || value === 0 || value === '') return true
  if (value instanceof Uint) return value.value === 0n
  if (value instanceof ListValue || value instanceof MapValue) return value.size === 0
  if (value instanceof Uint8Array) return value.length === 0
  if (value instanceof Duration) return value.ns === 0n
  if (value instanceof Optional) return value.value === undefined
  return value instanceof Timestamp && value.ns === 0n
}

function valueOf(optional: Optional): Value {
  if (optional.value === undefined) throw new EvalError('optional.none() dereference')
  return optional.value
}

function unwrap(list: ListValue, context: CallContext): ListValue {
  const items: Value[] = []
  context.work(list.size)
  for (let i = 0; i < list.size; i++) {
    const item = list.at(i)
    if (!(item instanceof Optional)) throw new EvalError('no such overload')
    if (item.value !== undefined) items.push(item.value)
  }
  return new ArrayList(items)
}

const notCalled = (): never => {
  throw new EvalError('no such overload')
}

/** cel-go cel/library.go optionalLib. */
export const optionalLibrary: readonly Overload[] = [
  overload('optional.of', 'optional_of', '(T) optional(T)', (args) => new Optional(args.get(0))),
  overload('optional.none', 'optional_none', '() optional(T)', () => Optional.none),
  overload('optional.ofNonZeroValue', 'optional_ofNonZeroValue', '(T) optional(T)', (args) =>
    isZero(args.get(0)) ? Optional.none : new Optional(args.get(0)),
  ),
  overload('optional.unwrap', 'optional_unwrap', '(list(optional(T))) list(T)', (args, context) =>
    unwrap(args.get<ListValue>(0), context),
  ),
  overload('unwrapOpt', 'optional_unwrapOpt', 'list(optional(T)).() list(T)', (args, context) =>
    unwrap(args.get<ListValue>(0), context),
  ),
  overload('value', 'optional_value', 'optional(T).() T', (args) => valueOf(args.get<Optional>(0))),
  overload('hasValue', 'optional_hasValue', 'optional(T).() bool', (args) => args.get<Optional>(0).value !== undefined),
  // the evaluator does these itself
  overload('or', 'optional_or_optional', 'optional(T).(optional(T)) optional(T)', notCalled),
  overload('orValue', 'optional_orValue_value', 'optional(T).(T) T', notCalled),
  overload('_[?_]', 'list_optindex_optional_int', '(list(V), int) optional(V)', notCalled),
  overload('_[?_]', 'optional_list_optindex_optional_int', '(optional(list(V)), int) optional(V)', notCalled),
  overload('_[?_]', 'map_optindex_optional_value', '(map(K, V), K) optional(V)', notCalled),
  overload('_[?_]', 'optional_map_optindex_optional_value', '(optional(map(K, V)), K) optional(V)', notCalled),
  overload('_[_]', 'optional_list_index_int', '(optional(list(V)), int) optional(V)', notCalled),
  overload('_[_]', 'optional_map_index_value', '(optional(map(K, V)), K) optional(V)', notCalled),
]

/** A map with more entries; a key that is there already is an error. */
function insert(map: MapValue, entries: Iterable<readonly [Value, Value]>, context: CallContext): MapValue {
  const own = Array.from(map.keys(), (key) => [key, map.get(key) ?? null] as const)
  context.work(own.length + 1)
  const added = [...entries]
  for (const [key] of added) {
    if (map.get(key) !== undefined) throw new EvalError(`insert failed: key ${String(key)} already exists`)
  }
  return new HashMap([...own, ...added])
}

/** cel-go ext/comprehensions.go: what transformMap is made of. */
export const insertLibrary: readonly Overload[] = [
  overload('cel.@mapInsert', 'cel_@mapInsert_map_key_value', '(map(K, V), K, V) map(K, V)', (args, context) =>
    insert(args.get<MapValue>(0), [[args.get(1), args.get(2)]], context),
  ),
  overload('cel.@mapInsert', 'cel_@mapInsert_map_map', '(map(K, V), map(K, V)) map(K, V)', (args, context) => {
    const more = args.get<MapValue>(1)
    const entries = Array.from(more.keys(), (key) => [key, more.get(key) ?? null] as const)
    return insert(args.get<MapValue>(0), entries, context)
  }),
]
