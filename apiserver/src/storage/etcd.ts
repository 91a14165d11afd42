import {
  compactRequest,
  leaseAnswer,
  leaseRequest,
  rangeAnswer,
  rangeRequest,
  transactionAnswer,
  transactionRequest,
  type KeyValue,
  type RangeQuestion,
  type Transaction,
} from './etcd-messages.ts'
import { storageError } from './etcd-errors.ts'
import { prefixEnd } from './keys.ts'
import { Channel, type ChannelOptions } from './rpc/channel.ts'

export type TransactionResult =
  | { succeeded: true; revision: number }
  /** What the compared keys hold instead, in their order. */
  | { succeeded: false; revision: number; current: (KeyValue | undefined)[] }

export interface RangeOptions {
  limit?: number
  /** Unset: now, linearizable. */
  revision?: number
}

// staging/src/k8s.io/apiserver/pkg/server/config.go RequestTimeout: etcd may take as long as the request that needs it
const requestTimeoutMs = 60_000

/**
 * Keys, transactions and leases. Each call ends within a minute and rejects with a StatusError, or CompactedError
 * for a revision that etcd has forgotten. A call that was sent is not taken back, so none takes a signal.
 */
export class Etcd {
  readonly #channel: Channel

  constructor(options: ChannelOptions) {
    this.#channel = new Channel(options)
  }

  /** etcd's revision now; every write that was answered before the call is in it. */
  async currentRevision(limitMs = requestTimeoutMs): Promise<number> {
    const question = { key: '/', end: '', limit: 1, revision: 0, countOnly: true }
    return (await this.#ask(question, limitMs)).revision
  }

  /** Keys from `start` up to, not including, `end`, in order. `revision` is the one they were read at. */
  async range(start: string, end: string, { limit = 0, revision = 0 }: RangeOptions = {}) {
    const answer = await this.#ask({ key: start, end, limit, revision }, requestTimeoutMs)
    return { ...answer, revision: revision || answer.revision }
  }

  async rangePrefix(prefix: string) {
    return this.range(prefix, prefixEnd(prefix))
  }

  async transact(transaction: Transaction): Promise<TransactionResult> {
    const answer = await this.#call('/etcdserverpb.KV/Txn', transactionRequest(transaction))
    const { succeeded, revision, read } = transactionAnswer(answer)
    return succeeded ? { succeeded, revision } : { succeeded, revision, current: read }
  }

  /** A lease that ends by itself; answers its id. */
  async grantLease(ttlSeconds: number): Promise<bigint> {
    return leaseAnswer(await this.#call('/etcdserverpb.Lease/LeaseGrant', leaseRequest(ttlSeconds)))
  }

  /** Forgets what was before `revision`. */
  async compact(revision: number): Promise<void> {
    await this.#call('/etcdserverpb.KV/Compact', compactRequest(revision))
  }

  close(): void {
    this.#channel.close()
  }

  async #ask(question: RangeQuestion, limitMs: number) {
    return rangeAnswer(await this.#call('/etcdserverpb.KV/Range', rangeRequest(question), limitMs))
  }

  async #call(path: string, message: Buffer, limitMs = requestTimeoutMs): Promise<Buffer> {
    try {
      return await this.#channel.call(path, message, limitMs)
    } catch (error) {
      throw storageError(error)
    }
  }
}
