import type { ClientHttp2Stream } from 'node:http2'
import { watchAnswer, watchRequest, type WatchAnswer, type WatchedKey } from './etcd-messages.ts'
import { prefixEnd } from './keys.ts'
import { Connection, wordsOf, type ConnectionOptions } from './rpc/connection.ts'
import { framed, Frames } from './rpc/frames.ts'
import { errorIn, type Told } from './rpc/rpc-error.ts'

/** Why a stream ended: by us, by an error, or because the revisions to catch up with are gone. */
export type StreamEnd = { reason: 'closed' } | { reason: 'failed'; message: string } | { reason: 'compacted' }

export interface StreamHandlers {
  /** etcd has taken the watch. */
  onCreated(): void
  /** Whole revisions, in order: a revision's events are never spread over two calls. */
  onEvents(events: readonly WatchedKey[]): void
  /** Called once, last. */
  onEnd(end: StreamEnd): void
}

/**
 * One etcd watch over all keys with `prefix`, from `startRevision` on. It has a connection of its own: a large catch-up
 * keeps no other call waiting. Returns what ends the stream.
 */
export function openWatch(
  options: ConnectionOptions,
  prefix: string,
  startRevision: number,
  handlers: StreamHandlers,
): () => void {
  let connection: Connection | undefined
  let stream: ClientHttp2Stream | undefined
  let ended = false
  const end = (how: StreamEnd): void => {
    if (ended) return
    ended = true
    stream?.destroy()
    connection?.close()
    handlers.onEnd(how)
  }
  const fail = (error: unknown): void =>
    end({ reason: 'failed', message: error instanceof Error ? wordsOf(error) : String(error) })
  const start = (opened: Connection): void => {
    connection = opened
    if (ended) return opened.close()
    // a member cut off from its cluster ends the stream instead of keeping it quiet
    stream = opened.call('/etcdserverpb.Watch/Watch', { hasleader: 'true' })
    follow(stream, take, fail)
    stream.write(framed(watchRequest({ key: prefix, end: prefixEnd(prefix), startRevision })))
  }
  let fragments: WatchedKey[] = []
  const take = (answer: WatchAnswer): void => {
    if (ended) return
    if (answer.canceled) {
      const compacted = answer.compactRevision > 0
      end(compacted ? { reason: 'compacted' } : { reason: 'failed', message: answer.cancelReason || 'canceled' })
      return
    }
    if (answer.created) handlers.onCreated()
    const events = fragments.length > 0 ? [...fragments, ...answer.events] : answer.events
    fragments = answer.fragment ? events : []
    if (!answer.fragment && events.length > 0) handlers.onEvents(events)
  }
  Connection.open(options).then(start).catch(fail)
  return () => end({ reason: 'closed' })
}

/** Calls `take` with each answer of a stream, and at its end `fail`, whatever it was. */
function follow(stream: ClientHttp2Stream, take: (answer: WatchAnswer) => void, fail: (error: unknown) => void): void {
  const frames = new Frames()
  let told: Told = {}
  stream.on('response', (headers) => (told = headers))
  stream.on('trailers', (trailers) => (told = trailers))
  stream.on('data', (piece: Buffer) => {
    let answers: WatchAnswer[] = []
    try {
      answers = frames.add(piece).map(watchAnswer)
    } catch (error) {
      stream.destroy(error as Error)
    }
    answers.forEach(take)
  })
  stream.on('error', fail)
  stream.on('close', () => fail(errorIn(told) ?? 'etcd ended the stream'))
}
