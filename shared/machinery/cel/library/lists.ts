import { compare, equal } from '../compare.ts'
import { EvalError } from '../errors.ts'
import { Args, type CallContext, type Overload, overload } from '../functions.ts'
import { accepts } from '../dispatch.ts'
import type { ListValue } from '../values.ts'
import { Duration, Optional, Uint, type Value } from '../values.ts'
import { arithmetic } from './arithmetic.ts'

const ordered = ['int', 'uint', 'double', 'bool', 'duration', 'timestamp', 'string', 'bytes']
const zeros: readonly (readonly [string, Value])[] = [
  ['int', 0n],
  ['uint', new Uint(0n)],
  ['double', 0],
  ['duration', new Duration(0n)],
]

function isSorted(list: ListValue, context: CallContext): boolean {
  context.work(list.size)
  for (let i = 1; i < list.size; i++) if (compare(list.at(i - 1), list.at(i)) > 0) return false
  return true
}

function add(a: Value, b: Value, context: CallContext): Value {
  const sum = arithmetic.find((one) => one.name === '_+_' && accepts(one, [a, b]))
  if (sum === undefined) throw new EvalError('no such overload')
  return sum.call(new Args([a, b]), context)
}

function sum(list: ListValue, zero: Value, context: CallContext): Value {
  let total = zero
  context.work(list.size)
  for (let i = 0; i < list.size; i++) total = i === 0 ? list.at(0) : add(total, list.at(i), context)
  return total
}

function extreme(list: ListValue, name: string, sign: number, context: CallContext): Value {
  if (list.size === 0) throw new EvalError(`${name} called on empty list`)
  context.work(list.size)
  let best = list.at(0)
  for (let i = 1; i < list.size; i++) if (compare(list.at(i), best) * sign > 0) best = list.at(i)
  return best
}

function find(list: ListValue, wanted: Value, from: number, step: 1 | -1, context: CallContext): bigint {
  for (let i = from; i >= 0 && i < list.size; i += step) {
    if (equal(list.at(i), wanted, (steps) => context.work(steps))) return BigInt(i)
  }
  return -1n
}

/** apiserver/pkg/cel/library/lists.go; first and last are cel-go's. */
export const listLibrary: readonly Overload[] = [
  ...ordered.flatMap((type) => [
    overload('isSorted', `list_${type}_is_sorted_bool`, `list(${type}).() bool`, (args, context) =>
      isSorted(args.get<ListValue>(0), context),
    ),
    overload('max', `list_${type}_max_${type}`, `list(${type}).() ${type}`, (args, context) =>
      extreme(args.get<ListValue>(0), 'max', 1, context),
    ),
    overload('min', `list_${type}_min_${type}`, `list(${type}).() ${type}`, (args, context) =>
      extreme(args.get<ListValue>(0), 'min', -1, context),
    ),
  ]),
  ...zeros.map(([type, zero]) =>
    overload('sum', `list_${type}_sum_${type}`, `list(${type}).() ${type}`, (args, context) =>
      sum(args.get<ListValue>(0), zero, context),
    ),
  ),
  overload('indexOf', 'list_a_index_of_int', 'list(T).(T) int', (args, context) =>
    find(args.get<ListValue>(0), args.get(1), 0, 1, context),
  ),
  overload('lastIndexOf', 'list_a_last_index_of_int', 'list(T).(T) int', (args, context) =>
    find(args.get<ListValue>(0), args.get(1), args.get<ListValue>(0).size - 1, -1, context),
  ),
  overload('first', 'list_first', 'list(T).() optional(T)', (args) => {
    const list = args.get<ListValue>(0)
    return list.size === 0 ? Optional.none : new Optional(list.at(0))
  }),
  overload('last', 'list_last', 'list(T).() optional(T)', (args) => {
    const list = args.get<ListValue>(0)
    return list.size === 0 ? Optional.none : new Optional(list.at(list.size - 1))
  }),
]
