import { Regexp } from '../../re2/regexp.ts'
import { compare, equal } from '../compare.ts'
import { EvalError } from '../errors.ts'
import { type CallContext, type Overload, overload } from '../functions.ts'
import type { ListValue, MapValue } from '../values.ts'
import { ArrayList, sizeOf, TypeValue, typeOf, type Value } from '../values.ts'
import { arithmetic } from './arithmetic.ts'

const ordered = ['bool', 'int', 'uint', 'double', 'string', 'bytes', 'timestamp', 'duration']
const numbers = ['int', 'uint', 'double']
const relations: readonly (readonly [string, string, (order: number) => boolean])[] = [
  ['_<_', 'less', (order) => order < 0],
  ['_<=_', 'less_equals', (order) => order <= 0],
  ['_>_', 'greater', (order) => order > 0],
  ['_>=_', 'greater_equals', (order) => order >= 0],
]

// numbers of different types compare too: cel.CrossTypeNumericComparisons
const pairs = [
  ...ordered.map((type) => [type, type] as const),
  ...numbers.flatMap((a) => numbers.filter((b) => b !== a).map((b) => [a, b] as const)),
]

const comparisons = relations.flatMap(([name, id, holds]) =>
  pairs.map(([a, b]) =>
    overload(name, a === b ? `${id}_${a}` : `${id}_${a}_${b}`, `(${a}, ${b}) bool`, (args) =>
      holds(compare(args.get(0), args.get(1))),
    ),
  ),
)

const sizes = ['string', 'bytes', 'list(A)', 'map(A, B)'].flatMap((type) => {
  const id = type.replace(/\(.*/, '')
  const size: Overload['call'] = (args) => BigInt(sizeOf(args.get(0)) ?? 0)
  return [overload('size', `size_${id}`, `(${type}) int`, size), overload('size', `${id}_size`, `${type}.() int`, size)]
})

const patterns = new Map<string, Regexp>()
const maxPatterns = 500

/** A pattern, compiled; those used lately are kept. Throws EvalError with Go's text. */
export function regexp(pattern: string, context: CallContext): Regexp {
  const known = patterns.get(pattern)
  if (known !== undefined) return known
  context.work(pattern.length)
  try {
    const made = new Regexp(pattern)
    if (patterns.size >= maxPatterns) patterns.clear()
    patterns.set(pattern, made)
    return made
  } catch (error) {
    throw new EvalError(error instanceof Error ? error.message : String(error))
  }
}

const matches: Overload['call'] = (args, context) =>
  regexp(args.get<string>(1), context).test(args.get<string>(0), (steps) => context.work(steps))

const strings = (
  [
    ['contains', 'contains_string', (text, part) => text.includes(part)],
    ['startsWith', 'starts_with_string', (text, part) => text.startsWith(part)],
    ['endsWith', 'ends_with_string', (text, part) => text.endsWith(part)],
  ] as readonly (readonly [string, string, (text: string, part: string) => boolean])[]
).map(([name, id, test]) =>
  overload(name, id, 'string.(string) bool', (args, context) => {
    const text = args.get<string>(0)
    const part = args.get<string>(1)
    // a search may compare the whole part at every place; what this refuses would cost too much afterwards
    if (name === 'contains') context.work(Math.ceil((text.length * part.length) / 20))
    return test(text, part)
  }),
)

function inList(list: ListValue, wanted: Value, context: CallContext): boolean {
  for (let i = 0; i < list.size; i++) if (equal(list.at(i), wanted, (steps) => context.work(steps))) return true
  return false
}

// apiserver/pkg/cel/common/values.go unstructuredSetList.Add, unstructuredMapList.Add
/** Joins lists whose order means nothing: an element that is there already is replaced. */
function merge(left: ListValue, right: ListValue): ListValue | undefined {
  const { identity } = left
  if (identity === undefined) return undefined
  const merged = new Map<string, Value>()
  for (const list of [left, right]) {
    for (let i = 0; i < list.size; i++) merged.set(identity(list.at(i)), list.at(i))
  }
  return new ArrayList([...merged.values()])
}

function addLists(left: ListValue, right: ListValue, context: CallContext): ListValue {
  const merged = merge(left, right)
  if (merged !== undefined) {
    context.work(left.size + right.size)
    return merged
  }
  if (right.size === 0) return left
  if (left instanceof ArrayList) {
    // before it is done: the lists may be long
    context.work(right.size)
    const { list, copied } = left.append(right)
    context.work(copied)
    return list
  }
  context.work(left.size + right.size)
  return new ArrayList([]).append(left).list.append(right).list
}

/** cel-go common/stdlib/standard.go: operators and functions that every expression knows. */
export const standardLibrary: readonly Overload[] = [
  ...arithmetic,
  ...comparisons,
  ...sizes,
  ...strings,
  overload('matches', 'matches', '(string, string) bool', matches),
  overload('matches', 'matches_string', 'string.(string) bool', matches),
  overload('_==_', 'equals', '(A, A) bool', (args, context) =>
    equal(args.get(0), args.get(1), (steps) => context.work(steps)),
  ),
  overload('_!=_', 'not_equals', '(A, A) bool', (args, context) => {
    return !equal(args.get(0), args.get(1), (steps) => context.work(steps))
  }),
  overload('!_', 'logical_not', '(bool) bool', (args) => !args.get<boolean>(0)),
  overload('_+_', 'add_list', '(list(A), list(A)) list(A)', (args, context) =>
    addLists(args.get<ListValue>(0), args.get<ListValue>(1), context),
  ),
  overload('@in', 'in_list', '(A, list(A)) bool', (args, context) =>
    inList(args.get<ListValue>(1), args.get(0), context),
  ),
  overload('@in', 'in_map', '(A, map(A, B)) bool', (args) => args.get<MapValue>(1).get(args.get(0)) !== undefined),
  overload('type', 'type', '(A) type(A)', (args) => new TypeValue(typeOf(args.get(0)))),
  overload('dyn', 'to_dyn', '(A) dyn', (args) => args.get(0)),
  // the evaluator does these itself: their arguments are not all evaluated
  ...['_&&_', '_||_'].map((name) => overload(name, 'logical', '(bool, bool) bool', notCalled)),
  overload('_?_:_', 'conditional', '(bool, A, A) A', notCalled),
  overload('@not_strictly_false', 'not_strictly_false', '(bool) bool', notCalled),
  overload('_[_]', 'index_list', '(list(A), int) A', notCalled),
  overload('_[_]', 'index_map', '(map(A, B), A) B', notCalled),
]

function notCalled(): never {
  throw new EvalError('no such overload')
}
