import type { Clock } from '@kubets/shared/machinery/clock.ts'
import { Etcd3, type IOptions } from 'etcd3'
import { storageError } from './etcd-errors.ts'
import { prefixEnd } from './keys.ts'

type FaultHandling = NonNullable<IOptions['faultHandling']>

export interface KeyValue {
  key: string
  value: Buffer
  modRevision: number
}

/** One transaction: all of it happens if every compared key still has that revision (0: does not exist). */
export interface Transaction {
  compare: readonly { key: string; modRevision: number }[]
  put: readonly { key: string; value: Buffer; lease?: string }[]
  remove: readonly string[]
}

export type TransactionResult =
  | { succeeded: true; revision: number }
  /** What the compared keys hold instead, in their order. */
  | { succeeded: false; revision: number; current: (KeyValue | undefined)[] }

export interface RangeOptions {
  limit?: number
  /** Unset: now, linearizable. */
  revision?: number
}

/** How to speak TLS to etcd, as PEM: its authority, and this apiserver's client certificate. */
export interface EtcdTls {
  ca: string
  cert: string
  key: string
}

export interface EtcdOptions {
  /** host:port, or http(s)://host:port */
  endpoints: readonly string[]
  /** Unset: plain connections. */
  tls?: EtcdTls | undefined
  clock: Clock
}

// staging/src/k8s.io/apiserver/pkg/server/config.go RequestTimeout: etcd may take as long as the request that needs it
const requestTimeoutMs = 60_000

export const channelOptions = {
  // a page of large objects, and a transaction's worth of events, are well above the 4 MiB default
  'grpc.max_receive_message_length': 512 * 1024 * 1024,
  'grpc.max_send_message_length': 64 * 1024 * 1024,
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 5_000,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 2_000,
  // a write that is sent twice is not the same write
  'grpc.enable_retries': 0,
}

// etcd3's default policies repeat calls and refuse them for seconds after a failure; callers here know better
const passThrough = {
  execute: (run: (context: { signal: AbortSignal }) => unknown) => run({ signal: new AbortController().signal }),
  onSuccess: () => ({ dispose: () => undefined }),
  onFailure: () => ({ dispose: () => undefined }),
} as unknown as NonNullable<FaultHandling['global']>

/**
 * Keys, transactions and leases. Each call ends within a minute and rejects with a StatusError, or CompactedError
 * for a revision that etcd has forgotten. A call that was sent is not taken back, so none takes a signal.
 */
export class Etcd {
  readonly #client: Etcd3
  readonly #clock: Clock

  constructor({ endpoints, tls, clock }: EtcdOptions) {
    this.#clock = clock
    this.#client = new Etcd3({
      hosts: [...endpoints],
      ...(tls && {
        credentials: {
          rootCertificate: Buffer.from(tls.ca),
          certChain: Buffer.from(tls.cert),
          privateKey: Buffer.from(tls.key),
        },
      }),
      grpcOptions: channelOptions,
      faultHandling: { host: () => passThrough, global: passThrough },
      defaultCallOptions: () => this.#within(requestTimeoutMs),
    })
  }

  /** etcd's revision now; every write that was answered before the call is in it. */
  async currentRevision(limitMs = requestTimeoutMs): Promise<number> {
    const key = Buffer.from('/')
    const answer = await this.#call(() =>
      this.#client.kv.range({ key, limit: 1, count_only: true }, this.#within(limitMs)),
    )
    return Number(answer.header.revision)
  }

  /** Keys from `start` up to, not including, `end`, in order. `revision` is the one they were read at. */
  async range(start: string, end: string, options: RangeOptions = {}) {
    const { limit = 0, revision = 0 } = options
    const answer = await this.#call(() =>
      this.#client.kv.range({ key: Buffer.from(start), range_end: Buffer.from(end), limit, revision }),
    )
    const read = revision || Number(answer.header.revision)
    return { items: answer.kvs.map(keyValue), more: answer.more, count: Number(answer.count), revision: read }
  }

  async rangePrefix(prefix: string) {
    return this.range(prefix, prefixEnd(prefix))
  }

  async transact({ compare, put, remove }: Transaction): Promise<TransactionResult> {
    const answer = await this.#call(() =>
      this.#client.kv.txn({
        compare: compare.map(({ key, modRevision }) => ({
          key: Buffer.from(key),
          target: 'Mod',
          result: 'Equal',
          mod_revision: modRevision,
        })),
        success: [
          ...put.map(({ key, value, lease }) => ({
            request_put: { key: Buffer.from(key), value, ...(lease === undefined ? {} : { lease }) },
          })),
          ...remove.map((key) => ({ request_delete_range: { key: Buffer.from(key) } })),
        ],
        failure: compare.map(({ key }) => ({ request_range: { key: Buffer.from(key) } })),
      }),
    )
    const revision = Number(answer.header.revision)
    if (answer.succeeded) return { succeeded: true, revision }
    const current = answer.responses.map(({ response_range: { kvs } }) => (kvs[0] ? keyValue(kvs[0]) : undefined))
    return { succeeded: false, revision, current }
  }

  /** A lease that ends by itself; answers its id. */
  async grantLease(ttlSeconds: number): Promise<string> {
    const answer = await this.#call(() => this.#client.leaseClient.leaseGrant({ TTL: ttlSeconds }))
    return answer.ID
  }

  /** Forgets what was before `revision`. */
  async compact(revision: number): Promise<void> {
    await this.#call(() => this.#client.kv.compact({ revision }))
  }

  close(): void {
    this.#client.close()
  }

  /** gRPC's deadlines are of the wall clock. */
  #within(ms: number): { deadline: number } {
    return { deadline: this.#clock.now() + ms }
  }

  async #call<T>(run: () => Promise<T>): Promise<T> {
    try {
      return await run()
    } catch (error) {
      throw storageError(error)
    }
  }
}

function keyValue(kv: { key: Buffer; value: Buffer; mod_revision: string }): KeyValue {
  return { key: kv.key.toString(), value: kv.value, modRevision: Number(kv.mod_revision) }
}
