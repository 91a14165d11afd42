import { isHuge } from '@kubets/shared/machinery/apply/pieces.ts'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import { deepFreeze } from '@kubets/shared/machinery/deep.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import { atOnce, inSlices, inSteps, type Steps } from '@kubets/shared/machinery/slices.ts'
import { Piece } from './piece.ts'
import type { Encoded, WatchEvent } from './types.ts'

/** Output forms that were made once, by name. */
class Forms {
  #made: Map<string, unknown> | undefined

  get<T>(name: string, make: () => T): T {
    this.#made ??= new Map()
    if (!this.#made.has(name)) this.#made.set(name, make())
    return this.#made.get(name) as T
  }
}

class EncodedObject implements Encoded {
  readonly object: KubeObject
  readonly #forms = new Forms()
  #json: Buffer | undefined

  constructor(object: KubeObject, json?: Buffer) {
    this.object = object
    this.#json = json
  }

  get json(): Buffer {
    return (this.#json ??= Buffer.from(JSON.stringify(this.object)))
  }

  get resourceVersion(): string {
    return this.object.metadata.resourceVersion ?? ''
  }

  form<T>(name: string, make: (object: KubeObject) => T): T {
    return this.#forms.get(name, () => make(this.object))
  }
}

/** Wraps an object that is already complete (it has its resourceVersion, or needs none); freezes it. */
export function encode(object: KubeObject): Encoded {
  return new EncodedObject(deepFreeze(object))
}

/** The bytes that go to etcd: the revision is not in them, etcd knows it. */
export function storedBytes(object: KubeObject): Buffer {
  return Buffer.from(JSON.stringify(storedFields(object)))
}

function storedFields({ apiVersion, kind, metadata, ...rest }: KubeObject): Json {
  // this order of fields is what lets fromStored put the revision in without another serialisation
  return { apiVersion, kind, metadata: { ...metadata, resourceVersion: undefined }, ...rest }
}

/** As storedBytes; of huge objects entry by entry, with turns for everything else that waits. */
export async function storedInSteps(object: KubeObject, clock: Clock): Promise<Buffer> {
  if (!isHuge(object)) return storedBytes(object)
  const parts = await inSlices(jsonParts(storedFields(object), deepestHuge), (part) => part, clock)
  return Buffer.from(parts.join(''))
}

/** From the object down to the owned keys of a huge map: metadata, managedFields, an entry, its fieldsV1, a field, below it. */
const deepestHuge = 6

/** The JSON text of a value; what is so many levels down at once. */
function* jsonParts(value: unknown, levels: number): Generator<string> {
  if (levels === 0 || typeof value !== 'object' || value === null) {
    yield JSON.stringify(value)
    return
  }
  const isList = Array.isArray(value)
  yield isList ? '[' : '{'
  let between = ''
  for (const [key, child] of Object.entries(value)) {
    if (child === undefined) continue
    yield isList ? between : `${between}${JSON.stringify(key)}:`
    yield* jsonParts(child, levels - 1)
    between = ','
  }
  yield isList ? ']' : '}'
}

type Json = Record<string, unknown>

const head = /^\{"apiVersion":"[^"\\]*","kind":"[^"\\]*","metadata":\{/

/** The inverse of storedBytes: parsed, frozen and with its revision. Throws SyntaxError on bytes that are not JSON. */
export const fromStored = (bytes: Buffer, revision: number): Encoded => atOnce(decodeSteps(bytes, revision))

/** As fromStored; everything else that waits has a turn before a huge object is frozen. */
export const fromStoredInSteps = (bytes: Buffer, revision: number, clock: Clock): Promise<Encoded> =>
  inSteps(decodeSteps(bytes, revision), clock)

function* decodeSteps(bytes: Buffer, revision: number): Steps<Encoded> {
  const start = head.exec(bytes.subarray(0, 400).toString('latin1'))?.[0].length
  if (start === undefined || bytes[start] === 0x7d) {
    const object = JSON.parse(bytes.toString()) as KubeObject
    yield
    return encode({ ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } })
  }
  const insert = Buffer.from(`"resourceVersion":"${String(revision)}",`)
  const json = Buffer.concat([bytes.subarray(0, start), insert, bytes.subarray(start)])
  const object = JSON.parse(json.toString()) as KubeObject
  yield
  return new EncodedObject(deepFreeze(object), json)
}

/** The same object at another revision: a deletion carries the revision at which it happened. */
export function atRevision(encoded: Encoded, revision: number): Encoded {
  const { object } = encoded
  return encode({ ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } })
}

class Event implements WatchEvent {
  readonly type: WatchEvent['type']
  readonly encoded: Encoded
  readonly #forms = new Forms()
  #line: Piece | undefined

  constructor(type: WatchEvent['type'], encoded: Encoded) {
    this.type = type
    this.encoded = encoded
  }

  get line(): Piece {
    return (this.#line ??= new Piece(
      Buffer.from(`{"type":"${this.type}","object":`),
      this.encoded.json,
      Buffer.from('}\n'),
    ))
  }

  form<T>(name: string, make: (event: WatchEvent) => T): T {
    return this.#forms.get(name, () => make(this))
  }
}

/** An event of its own, for what is not a change in etcd: bookmarks, errors, first states. */
export function watchEvent(type: WatchEvent['type'], encoded: Encoded): WatchEvent {
  return new Event(type, encoded)
}

/** What happened to one key at one revision, with the events it can mean to watchers, each made at most once. */
export class Change {
  readonly revision: number
  readonly key: string
  readonly time: number
  readonly previous: Encoded | undefined
  readonly current: Encoded | undefined
  #added: WatchEvent | undefined
  #modified: WatchEvent | undefined
  #deleted: WatchEvent | undefined

  constructor(
    revision: number,
    key: string,
    time: number,
    previous: Encoded | undefined,
    current: Encoded | undefined,
  ) {
    this.revision = revision
    this.key = key
    this.time = time
    this.previous = previous
    this.current = current
  }

  /**
   * What a watcher of some of the objects sees: one that comes into its selection is ADDED, one that leaves it is DELETED.
   */
  // apiserver/pkg/storage/cacher/cache_watcher.go convertToWatchEvent
  eventFor(matches: (encoded: Encoded) => boolean): WatchEvent | undefined {
    const was = this.previous !== undefined && matches(this.previous)
    const is = this.current !== undefined && matches(this.current)
    if (is && this.current) {
      if (was) return (this.#modified ??= new Event('MODIFIED', this.current))
      return (this.#added ??= new Event('ADDED', this.current))
    }
    if (was && this.previous) return (this.#deleted ??= new Event('DELETED', atRevision(this.previous, this.revision)))
    return undefined
  }
}
