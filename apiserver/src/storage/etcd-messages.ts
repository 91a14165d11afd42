import { BackwardWriter } from '@kubets/shared/machinery/schema/backward-writer.ts'
import { ProtobufReader, type Value } from '@kubets/shared/machinery/schema/protobuf-reader.ts'

// What etcd's calls carry, as far as it is used here: api/etcdserverpb/rpc.proto, api/mvccpb/kv.proto

export interface KeyValue {
  key: string
  value: Buffer
  modRevision: number
}

/** One transaction: all of it happens if every compared key still has that revision (0: does not exist). */
export interface Transaction {
  compare: readonly { key: string; modRevision: number }[]
  put: readonly { key: string; value: Buffer; lease?: bigint }[]
  remove: readonly string[]
}

/** Keys from `key` up to, not including, `end`; '' for the one key. */
export interface RangeQuestion {
  key: string
  end: string
  /** 0: all. */
  limit: number
  /** 0: now, linearizable. */
  revision: number
  countOnly?: boolean
}

export interface RangeAnswer {
  /** etcd's own, now. */
  revision: number
  items: KeyValue[]
  more: boolean
  count: number
}

export interface TransactionAnswer {
  revision: number
  succeeded: boolean
  /** Of each key that was read, in order, where the transaction read some. */
  read: (KeyValue | undefined)[]
}

export interface WatchQuestion {
  key: string
  end: string
  startRevision: number
}

export interface WatchAnswer {
  created: boolean
  canceled: boolean
  /** Not 0: the revisions before it are gone, and those that were asked for with them. */
  compactRevision: number
  cancelReason: string
  /** There is more of the same revision to come. */
  fragment: boolean
  events: WatchedKey[]
}

export interface WatchedKey {
  key: string
  /** undefined: the key was deleted. */
  value: Buffer | undefined
  revision: number
}

const writer = new BackwardWriter()

// fields are written from the last to the first, as the writer goes backwards

function integerField(number: number, value: number | bigint): void {
  // what is zero is left out
  if (!value) return
  writer.varint(value)
  writer.varint(number << 3)
}

function bytesField(number: number, value: Uint8Array): void {
  if (value.length === 0) return
  writer.bytes(value)
  writer.varint(value.length)
  writer.varint((number << 3) | 2)
}

function textField(number: number, text: string): void {
  if (text !== '') messageField(number, () => writer.string(text))
}

function messageField(number: number, write: () => void): void {
  const before = writer.length
  write()
  writer.varint(writer.length - before)
  writer.varint((number << 3) | 2)
}

function writeRange({ key, end, limit, revision, countOnly = false }: RangeQuestion): void {
  integerField(9, countOnly ? 1 : 0)
  integerField(4, revision)
  integerField(3, limit)
  textField(2, end)
  textField(1, key)
}

export function rangeRequest(question: RangeQuestion): Buffer {
  writeRange(question)
  return writer.take()
}

/** Compare.CompareTarget: the revision of a key's last change */
const modTarget = 2

/** A transaction; when it does not succeed, the compared keys are read. */
export function transactionRequest({ compare, put, remove }: Transaction): Buffer {
  for (const { key } of compare.toReversed()) {
    messageField(3, () => messageField(1, () => writeRange({ key, end: '', limit: 0, revision: 0 })))
  }
  for (const key of remove.toReversed()) messageField(2, () => messageField(3, () => textField(1, key)))
  for (const { key, value, lease = 0 } of put.toReversed()) {
    messageField(2, () =>
      messageField(2, () => {
        integerField(3, lease)
        bytesField(2, value)
        textField(1, key)
      }),
    )
  }
  for (const { key, modRevision } of compare.toReversed()) {
    messageField(1, () => {
      // said also where it is 0: what is left out is no revision at all
      writer.varint(modRevision)
      writer.varint(6 << 3)
      textField(3, key)
      integerField(2, modTarget)
    })
  }
  return writer.take()
}

/** A lease that ends by itself; etcd gives it its id. */
export function leaseRequest(ttlSeconds: number): Buffer {
  integerField(1, ttlSeconds)
  return writer.take()
}

export function compactRequest(revision: number): Buffer {
  integerField(1, revision)
  return writer.take()
}

/** Begins a watch whose answers may come in fragments. */
export function watchRequest({ key, end, startRevision }: WatchQuestion): Buffer {
  messageField(1, () => {
    integerField(8, 1)
    integerField(3, startRevision)
    textField(2, end)
    textField(1, key)
  })
  return writer.take()
}

const fields = (value: Value): ProtobufReader => new ProtobufReader(value as Buffer)

function revisionIn(header: Value): number {
  for (const { number, value } of fields(header)) if (number === 3) return Number(value)
  return 0
}

function keyValueIn(message: Value): KeyValue {
  const found: KeyValue = { key: '', value: Buffer.alloc(0), modRevision: 0 }
  for (const { number, value } of fields(message)) {
    if (number === 1) found.key = String(value)
    else if (number === 3) found.modRevision = Number(value)
    else if (number === 5) found.value = value as Buffer
  }
  return found
}

export function rangeAnswer(message: Value): RangeAnswer {
  const answer: RangeAnswer = { revision: 0, items: [], more: false, count: 0 }
  for (const { number, value } of fields(message)) {
    if (number === 1) answer.revision = revisionIn(value)
    else if (number === 2) answer.items.push(keyValueIn(value))
    else if (number === 3) answer.more = value !== 0n
    else if (number === 4) answer.count = Number(value)
  }
  return answer
}

export function transactionAnswer(message: Buffer): TransactionAnswer {
  const answer: TransactionAnswer = { revision: 0, succeeded: false, read: [] }
  for (const { number, value } of fields(message)) {
    if (number === 1) answer.revision = revisionIn(value)
    else if (number === 2) answer.succeeded = value !== 0n
    // those of puts and deletions say nothing new
    else if (number === 3) for (const one of fields(value)) if (one.number === 1) answer.read.push(firstIn(one.value))
  }
  return answer
}

const firstIn = (range: Value): KeyValue | undefined => rangeAnswer(range).items[0]

/** The lease's id. */
export function leaseAnswer(message: Buffer): bigint {
  for (const { number, value } of fields(message)) if (number === 2) return value as bigint
  return 0n
}

export function watchAnswer(message: Buffer): WatchAnswer {
  const answer: WatchAnswer = {
    created: false,
    canceled: false,
    compactRevision: 0,
    cancelReason: '',
    fragment: false,
    events: [],
  }
  for (const { number, value } of fields(message)) {
    if (number === 3) answer.created = value !== 0n
    else if (number === 4) answer.canceled = value !== 0n
    else if (number === 5) answer.compactRevision = Number(value)
    else if (number === 6) answer.cancelReason = String(value)
    else if (number === 7) answer.fragment = value !== 0n
    else if (number === 11) answer.events.push(eventIn(value))
  }
  return answer
}

function eventIn(message: Value): WatchedKey {
  let deleted = false
  let changed: KeyValue | undefined
  for (const { number, value } of fields(message)) {
    if (number === 1) deleted = value !== 0n
    else if (number === 2) changed = keyValueIn(value)
  }
  const { key = '', value, modRevision: revision = 0 } = changed ?? {}
  return { key, value: deleted ? undefined : value, revision }
}
