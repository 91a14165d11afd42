import { regexPerLength, traversal } from '../cost.ts'
import type { CallEstimate, Node, Sizes } from '../estimate.ts'
import { add, capped, fixed, multiply, type Range, scale, unknown } from '../range.ts'
import { Uint } from '../values.ts'

const sizeOf = (node: Node | undefined): Range => node?.size ?? unknown
const walk = (node: Node | undefined, times = 1): CallEstimate => ({ cost: scale(sizeOf(node), times * traversal) })
const nominal: CallEstimate = { cost: fixed(1) }

type Estimate = (target: Node | undefined, args: readonly Node[], id: string, sizes: Sizes) => CallEstimate | undefined

/** The size of a list's elements, by what is known of its path. */
function elementSize(list: Node, sizes: Sizes): Range {
  return (list.path && sizes([...list.path, '@items'])) ?? unknown
}

const overList: Estimate = (target, _, __, sizes) => {
  if (target === undefined) return undefined
  if (target.type.kind !== 'list') return walk(target)
  const { kind } = target.type.element
  const each = kind === 'string' || kind === 'bytes' ? scale(elementSize(target, sizes), traversal) : fixed(0)
  return { cost: multiply(sizeOf(target), add(fixed(1), each)) }
}

const ofString: Estimate = (target) => target && { ...walk(target), size: sizeOf(target) }

const replace: Estimate = (target, [from, to]) => {
  if (target === undefined || to === undefined) return undefined
  const [text, old, fresh] = [sizeOf(target), sizeOf(from), sizeOf(to)]
  let most = { count: 0, kept: 0 }
  if (old.min === 0) most = { count: capped(text.max + 1), kept: text.max }
  else if (fresh.max <= old.min) most = { count: 0, kept: text.max }
  else most = { count: Math.ceil(text.max / old.min), kept: 0 }
  let least = { count: 0, kept: 0 }
  if (old.max === 0) least = { count: capped(text.min + 1), kept: text.min }
  else if (old.max <= fresh.min) least = { count: 0, kept: text.min }
  else least = { count: Math.ceil(text.min / old.max), kept: 0 }
  const size = {
    min: capped(least.count * fresh.min + least.kept),
    max: capped(most.count * fresh.max + most.kept),
  }
  return { ...walk(target, 2), size }
}

const split: Estimate = (target, [, limit]) => {
  if (target === undefined) return undefined
  const value = limit?.expr?.kind === 'literal' ? limit.expr.value : undefined
  const known = typeof value === 'bigint' ? value : value instanceof Uint ? value.value : undefined
  const max = known === undefined || known < 0n ? sizeOf(target).max : Number(known)
  return { ...walk(target, 2), size: { min: 0, max } }
}

const join: Estimate = (target, [separator], _, sizes) => {
  if (target === undefined) return undefined
  const count = sizeOf(target)
  let size = multiply(count, elementSize(target, sizes))
  if (separator !== undefined) {
    const between = { min: Math.max(0, count.min - 1), max: Math.max(0, count.max - 1) }
    size = add(size, multiply(sizeOf(separator), between))
  }
  return { cost: scale(size, traversal), size }
}

const find: Estimate = (target, [pattern]) => {
  if (target === undefined) return undefined
  const text = scale(add(sizeOf(target), fixed(1)), traversal)
  const cost = multiply(text, scale(sizeOf(pattern), regexPerLength))
  return { cost, size: { min: 0, max: sizeOf(target).max } }
}

/** Only where it is called on something: as upstream has it, what is called by itself costs what any call does. */
const onTarget =
  (times: number): Estimate =>
  (target, [first]) =>
    target === undefined ? undefined : walk(first, times)

const address: Range = { min: 4, max: 16 }
const contains =
  (more: Range, parsed: string): Estimate =>
  (target, [other], id) => {
    if (target === undefined) return undefined
    const cost = add(scale(add(address, address), traversal), more)
    return { cost: id === parsed ? add(cost, scale(sizeOf(other), traversal)) : cost }
  }

const constant = (): CallEstimate => nominal
const names = (text: string, estimate: Estimate): [string, Estimate][] =>
  text.split(' ').map((name) => [name, estimate])

// apiserver/pkg/cel/library/cost.go EstimateCallCost
const estimates: ReadonlyMap<string, Estimate> = new Map<string, Estimate>([
  ['check', () => ({ cost: fixed(350_000) })],
  ...names('serviceAccount path group resource subresource namespace name allowed reason error errored', constant),
  ...names('isSorted sum max min indexOf lastIndexOf', overList),
  ['url', (_, [first]) => (first === undefined ? undefined : walk(first))],
  ...names('lowerAscii upperAscii substring trim', ofString),
  ['replace', replace],
  ['split', split],
  ['join', join],
  ...names('find findAll', find),
  ...names('cidr isIP isCIDR quantity isQuantity', onTarget(1)),
  ['ip', (target, [first]) => (target === undefined ? undefined : first === undefined ? nominal : walk(first))],
  ['ip.isCanonical', onTarget(2)],
  ...names('masked prefixLength family isUnspecified isLoopback isLinkLocalMulticast isLinkLocalUnicast', constant),
  ['containsIP', contains(fixed(0), 'cidr_contains_ip_string')],
  ['containsCIDR', contains(add(scale(address, traversal), fixed(1)), 'cidr_contains_cidr_string')],
  ...names('sign asInteger isInteger asApproximateFloat isGreaterThan isLessThan compareTo add sub', constant),
])

/** What a call of a library costs, without its arguments; undefined for one that has no cost of its own. */
export function estimateLibraryCall(
  name: string,
  id: string,
  target: Node | undefined,
  args: readonly Node[],
  sizes: Sizes,
): CallEstimate | undefined {
  return estimates.get(name)?.(target, args, id, sizes)
}
