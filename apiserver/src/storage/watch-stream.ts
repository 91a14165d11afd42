import { createRequire } from 'node:module'
import * as grpc from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import { channelOptions, type EtcdTls } from './etcd.ts'
import { prefixEnd } from './keys.ts'

export interface RawEvent {
  key: string
  /** undefined: the key was deleted. */
  value: Buffer | undefined
  revision: number
}

/** Why a stream ended: by us, by an error, or because the revisions to catch up with are gone. */
export type StreamEnd = { reason: 'closed' } | { reason: 'failed'; message: string } | { reason: 'compacted' }

export interface StreamHandlers {
  /** etcd has taken the watch. */
  onCreated(): void
  /** Whole revisions, in order: a revision's events are never spread over two calls. */
  onEvents(events: readonly RawEvent[]): void
  /** Called once, last. */
  onEnd(end: StreamEnd): void
}

interface WatchResponse {
  created: boolean
  canceled: boolean
  compact_revision: string
  cancel_reason: string
  fragment: boolean
  events: { type: 'Put' | 'Delete'; kv: { key: Buffer; value: Buffer; mod_revision: string } }[]
}

type WatchClient = grpc.Client & { watch(metadata: grpc.Metadata): grpc.ClientDuplexStream<object, WatchResponse> }

let watchService: grpc.ServiceClientConstructor | undefined

function loadWatchService(): grpc.ServiceClientConstructor {
  const proto = createRequire(import.meta.url).resolve('etcd3/proto/rpc.proto')
  const loaded = grpc.loadPackageDefinition(
    loadSync(proto, { keepCase: true, longs: String, enums: String, defaults: true, oneofs: true }),
  )
  return (loaded['etcdserverpb'] as grpc.GrpcObject)['Watch'] as grpc.ServiceClientConstructor
}

/**
 * One etcd watch on its own connection, over all keys with `prefix`, from `startRevision` on. etcd3's watcher is not used:
 * it has no fragments and goes silent when a large catch-up does not fit one message. Returns what ends the stream.
 */
export function openWatch(
  { endpoint, tls }: { endpoint: string; tls?: EtcdTls | undefined },
  prefix: string,
  startRevision: number,
  handlers: StreamHandlers,
): () => void {
  watchService ??= loadWatchService()
  const client = new watchService(
    endpoint.replace(/^https?:\/\//, ''),
    tls
      ? grpc.credentials.createSsl(Buffer.from(tls.ca), Buffer.from(tls.key), Buffer.from(tls.cert))
      : grpc.credentials.createInsecure(),
    channelOptions,
  ) as unknown as WatchClient
  const metadata = new grpc.Metadata()
  // a member cut off from its cluster ends the stream instead of keeping it quiet
  metadata.set('hasleader', 'true')
  const stream = client.watch(metadata)
  let fragments: WatchResponse['events'] = []
  let ended = false
  const end = (how: StreamEnd): void => {
    if (ended) return
    ended = true
    stream.cancel()
    client.close()
    handlers.onEnd(how)
  }
  stream.on('error', (error: Error) => end({ reason: 'failed', message: error.message }))
  stream.on('end', () => end({ reason: 'failed', message: 'etcd ended the stream' }))
  stream.on('data', (response: WatchResponse) => {
    if (ended) return
    if (response.canceled) {
      const compacted = Number(response.compact_revision) > 0
      end(compacted ? { reason: 'compacted' } : { reason: 'failed', message: response.cancel_reason || 'canceled' })
      return
    }
    if (response.created) handlers.onCreated()
    const events = fragments.length > 0 ? [...fragments, ...response.events] : response.events
    fragments = response.fragment ? events : []
    if (!response.fragment && events.length > 0) handlers.onEvents(events.map(rawEvent))
  })
  stream.write({
    create_request: {
      key: Buffer.from(prefix),
      range_end: Buffer.from(prefixEnd(prefix)),
      start_revision: startRevision,
      fragment: true,
    },
  })
  return () => end({ reason: 'closed' })
}

function rawEvent({ type, kv }: WatchResponse['events'][number]): RawEvent {
  return {
    key: kv.key.toString(),
    value: type === 'Put' ? kv.value : undefined,
    revision: Number(kv.mod_revision),
  }
}
