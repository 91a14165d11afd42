import type { Clock } from '../clock.ts'
import type { KubeObject } from '../object.ts'
import { inSlices } from '../slices.ts'
import { mapOf, put, type Json } from './atoms.ts'
import { isEmpty, none, self, setOf, union, type FieldSet } from './field-set.ts'
import type { Managed, Owned } from './managers.ts'
import { fieldElement } from './path-element.ts'

/** A map with more keys is looked at in pieces of about half as many. */
const manyKeys = 2000
/** Keys that are put in their piece before the time is looked at. */
const chunk = 250

/** A node that is not empty. */
const standIn: FieldSet = Object.freeze({ [self]: none })

/** Names of fields or keys, from the object down. */
type Path = readonly string[]

/** A map with many keys, in one of the objects or in what is owned of one. */
interface Place {
  readonly path: Path
  /** Where each piece but the first one begins. */
  readonly bounds: readonly string[]
  /**
   * Keys that are in every piece of what has them, with the piece they belong to: a map that is there is there, and not
   * empty, in each of its pieces.
   */
  readonly witnesses: ReadonlyMap<string, number>
}

/**
 * How objects with huge maps fall into pieces. Who owns what is asked key by key, so that the answer for the whole is that
 * for its pieces put together; each piece has some of a huge map's keys and all the rest of the object.
 */
export class Pieces {
  readonly #places: readonly Place[]
  readonly #count: number
  readonly #clock: Clock

  private constructor(places: readonly Place[], clock: Clock) {
    this.#places = places
    this.#count = Math.max(...places.map(({ bounds }) => bounds.length + 1))
    this.#clock = clock
  }

  /** undefined: no map in these objects, nor in their managedFields, is huge. */
  static of(objects: readonly (object | undefined)[], clock: Clock): Pieces | undefined {
    const paths = hugePaths(objects)
    if (paths.length === 0) return undefined
    return new Pieces(
      paths.map((path) => placeAt(path, objects)),
      clock,
    )
  }

  /** The pieces of an object, with the pieces of its managedFields. */
  async split(object: KubeObject): Promise<KubeObject[]> {
    let pieces: KubeObject[] = Array<KubeObject>(this.#count).fill(object)
    for (const place of this.#places) {
      const map = valueAt(object, place.path)
      if (!isMap(map)) continue
      const buckets = await this.#buckets(place, map, (key) => key)
      pieces = pieces.map((piece, i) => withValueAt(piece, place.path, buckets[i] ?? {}) as KubeObject)
    }
    const entries = object.metadata.managedFields
    if (!Array.isArray(entries)) return pieces
    const sets = await Promise.all(entries.map((entry) => this.#splitSet((entry?.fieldsV1 ?? {}) as FieldSet)))
    return pieces.map((piece, i) => ({
      ...piece,
      metadata: {
        ...piece.metadata,
        managedFields: entries.map((entry, at) =>
          entry?.fieldsV1 === undefined ? entry : { ...entry, fieldsV1: sets[at]?.[i] ?? none },
        ),
      },
    }))
  }

  async #splitSet(set: FieldSet): Promise<FieldSet[]> {
    const found = this.#places.flatMap((place) => {
      const node = nodeAt(set, place.path)
      return node === undefined || isEmpty(node) ? [] : [{ place, node }]
    })
    // something small stands for the long nodes: each look whether one of them is empty would take long
    const frame = found.reduce((left, { place }) => withNodeAt(left, place.path, standIn) ?? none, set)
    let pieces = Array<FieldSet>(this.#count).fill(frame)
    for (const { place, node } of found) {
      const buckets = await this.#buckets(place, node, nameOf)
      pieces = pieces.map((piece, i) => withNodeAt(piece, place.path, someOf(buckets[i])) ?? none)
    }
    return pieces
  }

  /** A map's entries by piece; what has no name (a set's entry for itself) is in all of them. */
  async #buckets<V>(
    { bounds, witnesses }: Place,
    map: Readonly<Record<string, V>>,
    name: (key: string) => string | undefined,
  ): Promise<Record<string, V>[]> {
    const buckets = Array.from({ length: this.#count }, (): Record<string, V> => ({}))
    const place = (key: string): void => {
      const known = name(key)
      const everywhere = known === undefined || witnesses.has(known)
      const own = everywhere ? buckets : [buckets[pieceOf(bounds, known)] ?? {}]
      for (const bucket of own) put(bucket, key, map[key])
    }
    await inSlices(chunks(Object.keys(map)), (keys) => keys.forEach(place), this.#clock)
    return buckets
  }

  /** Who owns what, from the pieces. `now`: the time of those who changed something, in whichever piece. */
  async joinManaged(pieces: readonly Managed[], now: string): Promise<Managed> {
    const managers = new Map<string, Owned>()
    const times = new Map<string, string>()
    for (const piece of pieces) {
      for (const [id, owned] of piece.managers) if (!managers.has(id)) managers.set(id, owned)
      for (const [id, time] of piece.times) if (!times.has(id) || time === now) times.set(id, time)
    }
    const sets = pieces.map((piece) => new Map([...piece.managers].map(([id, { set }]) => [id, set])))
    for (const [id, set] of await this.joinSets(sets)) {
      const owned = managers.get(id)
      if (owned) managers.set(id, { ...owned, set })
    }
    return { managers, times }
  }

  /** Sets by whose they are, from the pieces. */
  async joinSets(pieces: readonly ReadonlyMap<string, FieldSet>[]): Promise<Map<string, FieldSet>> {
    const joined = new Map<string, FieldSet>()
    for (const id of new Set(pieces.flatMap((piece) => [...piece.keys()])))
      joined.set(id, await this.#joinSet(pieces.map((piece) => piece.get(id) ?? none)))
    return joined
  }

  async #joinSet(pieces: readonly FieldSet[]): Promise<FieldSet> {
    const without = (set: FieldSet): FieldSet =>
      this.#places.reduce((left, { path }) => withNodeAt(left, path, undefined) ?? none, set)
    const rest = (await inSlices(pieces, without, this.#clock)).reduce(union, none)
    let joined = rest
    for (const place of this.#places) {
      const nodes = pieces.map((set) => nodeAt(set, place.path))
      if (nodes.every((node) => node === undefined)) continue
      const member = nodes.some((node) => node !== undefined && (node[self] !== undefined || isEmpty(node)))
      const entries = await this.#joinMaps(place, nodes, nameOf, member ? { [self]: none } : {})
      const node = member && Object.keys(entries).length === 1 ? none : setOf(entries)
      joined = union(
        joined,
        place.path.reduceRight<FieldSet>((below, name) => ({ [fieldElement(name)]: below }), node),
      )
    }
    return joined
  }

  /** One value from its pieces. */
  async joinValue(pieces: readonly unknown[]): Promise<unknown> {
    let joined = pieces[0]
    for (const place of this.#places) {
      const maps = pieces.map((piece) => valueAt(piece, place.path)).map((map) => (isMap(map) ? map : undefined))
      if (maps.every((map) => map === undefined)) continue
      joined = withValueAt(joined, place.path, await this.#joinMaps(place, maps, (key) => key, {}))
    }
    return joined
  }

  async #joinMaps<V>(
    { witnesses }: Place,
    maps: readonly (Readonly<Record<string, V>> | undefined)[],
    name: (key: string) => string | undefined,
    joined: Record<string, V>,
  ): Promise<Record<string, V>> {
    const take = ({
      keys,
      map,
      piece,
    }: {
      keys: readonly string[]
      map: Readonly<Record<string, V>>
      piece: number
    }) => {
      for (const key of keys) {
        const home = witnesses.get(name(key) ?? '')
        if (key !== self && (home ?? piece) === piece) put(joined, key, map[key])
      }
    }
    const parts = maps.flatMap((map = {}, piece) => [...chunks(Object.keys(map))].map((keys) => ({ keys, map, piece })))
    await inSlices(parts, take, this.#clock)
    return joined
  }
}

/** Has the object, or what is owned of it, a map with very many keys? Every write asks this. */
export function isHuge(object: object): boolean {
  return hasManyKeys(object) || setsOf(object).some(hasManyKeys)
}

function hasManyKeys(value: object): boolean {
  let keys = 0
  for (const key in value) {
    if (++keys > manyKeys) return true
    const child = (value as Json)[key]
    if (isMap(child) && hasManyKeys(child)) return true
  }
  return false
}

function hugePaths(objects: readonly (object | undefined)[]): Path[] {
  const paths = new Map<string, Path>()
  if (!objects.some((object) => object !== undefined && isHuge(object))) return []
  for (const object of objects) {
    if (object === undefined) continue
    findHuge(object, (key) => key, [], paths)
    for (const set of setsOf(object)) findHuge(set, nameOf, [], paths)
  }
  return paths.size === 0 ? [] : outermost([...paths.values()])
}

function* chunks(keys: readonly string[]): Generator<readonly string[]> {
  for (let at = 0; at < keys.length; at += chunk) yield keys.slice(at, at + chunk)
}

const isMap = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

/** The field or key that an element of a set stands for. */
const nameOf = (element: string): string | undefined => (element.startsWith('f:') ? element.slice(2) : undefined)

const someOf = (node: FieldSet | undefined): FieldSet | undefined =>
  node === undefined || Object.keys(node).length === 0 ? undefined : node

function setsOf(object: object): FieldSet[] {
  const entries = (object as Partial<KubeObject>).metadata?.managedFields
  if (!Array.isArray(entries)) return []
  return entries.flatMap((entry) => (isMap(entry?.fieldsV1) ? [entry.fieldsV1 as FieldSet] : []))
}

/** Finds the huge maps, not looking into lists. */
function findHuge(
  value: object,
  name: (key: string) => string | undefined,
  path: Path,
  found: Map<string, Path>,
): void {
  const keys = Object.keys(value)
  if (keys.length > manyKeys) {
    found.set(JSON.stringify(path), path)
    return
  }
  for (const key of keys) {
    const child = (value as Json)[key]
    if (!isMap(child)) continue
    const known = name(key)
    if (known !== undefined) findHuge(child, name, [...path, known], found)
  }
}

/** The paths without those that lie within others. */
function outermost(paths: readonly Path[]): Path[] {
  const within = (path: Path, other: Path): boolean =>
    path !== other && other.length <= path.length && other.every((name, i) => path[i] === name)
  return paths.filter((path) => !paths.some((other) => within(path, other)))
}

/** Every so many keys say how the keys are spread; sorting all of them would take long. */
const sampled = 100

function placeAt(path: Path, objects: readonly (object | undefined)[]): Place {
  const samples: string[] = []
  const first: string[] = []
  let most = 0
  const sample = (keys: readonly string[], name: (key: string) => string | undefined): void => {
    most = Math.max(most, keys.length)
    for (let at = 0; at < keys.length; at += sampled) samples.push(name(keys[at] ?? '') ?? '')
  }
  for (const object of objects) {
    if (object === undefined) continue
    const keys = Object.keys(mapOf(valueAt(object, path)))
    if (keys[0] !== undefined) first.push(keys[0])
    sample(keys, (key) => key)
    for (const set of setsOf(object)) sample(Object.keys(nodeAt(set, path) ?? none), nameOf)
  }
  samples.sort()
  const count = Math.ceil((2 * most) / manyKeys)
  const bounds = Array.from(
    { length: count - 1 },
    (_, i) => samples[Math.floor(((i + 1) * samples.length) / count)] ?? '',
  )
  return { path, bounds, witnesses: new Map(first.map((key) => [key, pieceOf(bounds, key)])) }
}

/** The piece that a key belongs to: how many of the bounds are not behind it. */
function pieceOf(bounds: readonly string[], key: string): number {
  let [low, high] = [0, bounds.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((bounds[middle] ?? '') <= key) low = middle + 1
    else high = middle
  }
  return low
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((at, name) => (isMap(at) && Object.hasOwn(at, name) ? at[name] : undefined), value)
}

/** A copy along the path, with another value at its end. */
function withValueAt(value: unknown, path: Path, next: Json): unknown {
  const [name, ...rest] = path
  if (name === undefined) return next
  const copy = { ...mapOf(value) }
  put(copy, name, withValueAt(Object.hasOwn(copy, name) ? copy[name] : undefined, rest, next))
  return copy
}

function nodeAt(set: FieldSet, path: Path): FieldSet | undefined {
  return path.reduce<FieldSet | undefined>((node, name) => node?.[fieldElement(name)], set)
}

/** A copy along the path, with another node at its end, or none; undefined: nothing is left. */
function withNodeAt(set: FieldSet, path: Path, next: FieldSet | undefined): FieldSet | undefined {
  const [name, ...rest] = path
  if (name === undefined) return next
  const element = fieldElement(name)
  const child = set[element]
  if (child === undefined || isEmpty(child)) return set
  const node = withNodeAt(child, rest, next)
  if (node !== undefined) return { ...set, [element]: node }
  const { [element]: _, ...others } = set
  return someOf(others)
}
