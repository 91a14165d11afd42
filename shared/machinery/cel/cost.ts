import { type Overload } from './functions.ts'
import { ListValue, MapValue, OpaqueValue, sizeOf, type Value } from './values.ts'

// cel-go common/cost.go
export const identCost = 1
export const listCost = 10
export const mapCost = 30
export const structCost = 40
export const traversal = 0.1
export const regexPerLength = 0.25

const size = (value: Value | undefined): number => {
  if (value instanceof OpaqueValue) return value.costSize ?? 1
  return (value === undefined ? undefined : sizeOf(value)) ?? 1
}

/** A walk over a value's size. */
const walk = (value: Value | undefined, times = 1): number => Math.ceil(size(value) * times * traversal)

const regexCost = (text: Value | undefined, pattern: Value | undefined): number =>
  Math.ceil((1 + size(text)) * traversal) * Math.ceil(size(pattern) * regexPerLength)

type Cost = (args: readonly Value[], id: string, result: Value) => number

const one: Cost = () => 1
const walkFirst: Cost = ([first]) => walk(first)
const walkTwice: Cost = ([first]) => walk(first, 2)
const walkAll: Cost = ([first]) => traverse(first ?? null)
const product: Cost = ([a, b]) => size(a) * size(b)

const smaller: Cost = ([a, b]) => Math.ceil(Math.min(size(a), size(b)) * traversal)
const sum: Cost = ([a, b]) => Math.ceil((size(a) + size(b)) * traversal)

// apiserver/pkg/cel/library/cost.go CallCost
const byName: Readonly<Record<string, Cost>> = {
  check: () => 350_000,
  isSorted: walkAll,
  sum: walkAll,
  max: walkAll,
  min: walkAll,
  indexOf: walkAll,
  lastIndexOf: walkAll,
  url: walkFirst,
  lowerAscii: walkFirst,
  upperAscii: walkFirst,
  substring: walkFirst,
  trim: walkFirst,
  replace: walkTwice,
  split: walkTwice,
  join: (_, __, result) => walk(result, 2),
  find: ([text, pattern]) => regexCost(text, pattern),
  findAll: ([text, pattern]) => regexCost(text, pattern),
  isIP: walkFirst,
  isCIDR: walkFirst,
  cidr: walkFirst,
  ip: ([first], id) => (id === 'cidr_ip' ? 1 : walk(first)),
  'ip.isCanonical': walkTwice,
  containsIP: ([cidr, other], id) => walk(cidr, 2) + (id === 'cidr_contains_ip_string' ? walk(other) : 0),
  containsCIDR: ([cidr, other], id) =>
    walk(cidr, 2) + walk(cidr) + 1 + (id === 'cidr_contains_cidr_string' ? walk(other) : 0),
  quantity: walkFirst,
  isQuantity: walkFirst,
  semver: walkFirst,
  isSemver: walkFirst,
  validate: ([first, text]) => Math.ceil(size(text) * traversal) * Math.ceil(size(first) * regexPerLength),
  'sets.contains': product,
  'sets.intersects': product,
  'sets.equivalent': product,
  'jsonpatch.escapeKey': walkFirst,
}

// cel-go interpreter/runtimecost.go costCall
const byId: Readonly<Record<string, Cost>> = {
  starts_with_string: walkFirst,
  ends_with_string: walkFirst,
  string_to_bytes: walkFirst,
  bytes_to_string: walkFirst,
  in_list: ([, list]) => size(list),
  equals: smaller,
  not_equals: smaller,
  add_string: sum,
  add_bytes: sum,
  matches: ([text, pattern]) => regexCost(text, pattern),
  matches_string: ([text, pattern]) => regexCost(text, pattern),
  contains_string: ([text, part]) => walk(text) * walk(part),
}
for (const kind of ['string', 'bytes']) {
  for (const relation of ['less', 'less_equals', 'greater', 'greater_equals']) {
    Object.assign(byId, { [`${relation}_${kind}`]: smaller })
  }
}

/** What a call costs, known once it is done. */
export function callCost({ name, id }: Overload, args: readonly Value[], result: Value): number {
  return (byName[name] ?? byId[id] ?? one)(args, id, result)
}

/** What a walk over all of a value costs. */
function traverse(value: Value): number {
  if (typeof value === 'string' || value instanceof Uint8Array) return Math.floor(size(value) * traversal)
  let cost = 0
  if (value instanceof ListValue) {
    for (let i = 0; i < value.size; i++) cost += traverse(value.at(i))
    return cost
  }
  if (value instanceof MapValue) {
    for (const key of value.keys()) cost += traverse(key) + traverse(value.get(key) ?? null)
    return cost
  }
  return 1
}
