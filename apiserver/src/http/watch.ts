import { once } from 'node:events'
import type { Kind } from '@kubets/shared/api/kinds/kind.ts'
import { notAcceptable } from '@kubets/shared/machinery/errors.ts'
import type { WatchEvent } from '../registry/types.ts'
import { lastChunk, type Piece } from '../storage/piece.ts'
import { scopeOf, type Deps, type RequestContext } from './context.ts'
import { mediaTypes, streamTypes } from './negotiate.ts'
import { formOf } from './output.ts'
import { objectFrame, partialFrame } from './protobuf.ts'
import { integer, watchOptions } from './query.ts'
import { includeObject, partialLine, tableLine } from './table.ts'
import { warningHeaders } from './warnings.ts'

// staging/src/k8s.io/apiserver/pkg/server/config.go MinRequestTimeout
const minimumSeconds = 1800

/** Streams events, as lines of JSON or as frames of protobuf, until the client, the server, the time or the registry ends it. */
export async function watchObjects(context: RequestContext, deps: Deps, kind: Kind): Promise<undefined> {
  const { contentType, write } = streamOf(context, deps, kind)
  const seconds = integer(context.query, 'timeoutSeconds') || minimumSeconds * (1 + Math.random())
  const timer = new AbortController()
  const cancelTimer = deps.clock.timer(seconds * 1000, () => timer.abort())
  const signals = [context.signal, timer.signal, ...(kind.ended ? [kind.ended] : [])]
  const signal = AbortSignal.any(signals)
  try {
    const scope = { ...scopeOf(context, deps, kind), signal }
    const name = context.info.name
    const options = { ...watchOptions(context.query), ...(name === '' ? {} : { name }) }
    const batches = await deps.registry.watch(scope, options)
    const { response } = context
    const inChunks = writeHead(context, contentType)
    const bytesOf = (event: WatchEvent): Buffer => (inChunks ? write(event).chunk : write(event).bytes)
    context.initialized()
    for await (const batch of batches) {
      const bytes = batch.length === 1 && batch[0] !== undefined ? bytesOf(batch[0]) : Buffer.concat(batch.map(bytesOf))
      // a client that does not read holds up this loop alone; the registry cuts it when it is too far behind
      if (!response.write(bytes)) await once(response, 'drain', { signal }).catch(() => undefined)
      // to ask the joined one takes longer
      if (signals.some(({ aborted }) => aborted)) break
    }
    response.end(inChunks ? lastChunk : undefined)
    return undefined
  } finally {
    cancelTimer()
    timer.abort()
  }
}

/** Begins the answer; true: what is written to it from now on has to be chunks. */
function writeHead({ response, warnings }: RequestContext, contentType: string): boolean {
  if (warnings.length > 0) response.setHeader('warning', warningHeaders(warnings))
  response.writeHead(200, { 'content-type': contentType, 'cache-control': 'no-cache, private' })
  response.flushHeaders()
  // HTTP/2 has none
  if (!response.chunkedEncoding) return false
  // Node would frame every event anew for every watcher, each in four writes
  response.chunkedEncoding = false
  return true
}

// apiserver/pkg/endpoints/handlers/watch.go serveWatchHandler
/** The stream's content type, and how each event is written. Throws 406 for what has no stream, and 400. */
function streamOf(
  context: RequestContext,
  { clock }: Deps,
  kind: Kind,
): { contentType: string; write: (event: WatchEvent) => Piece } {
  const { format, transform, metaVersion: version = 'v1' } = formOf(context, true)
  if (format === 'yaml') throw notAcceptable(streamTypes)
  if (format === 'protobuf') {
    const write = transform === undefined ? objectFrame : (event: WatchEvent) => partialFrame(event, version)
    return { contentType: `${mediaTypes.protobuf};stream=watch`, write }
  }
  const contentType = mediaTypes.json
  if (transform === undefined) return { contentType, write: (event) => event.line }
  if (transform !== 'Table') return { contentType, write: (event) => partialLine(event, version) }
  const include = includeObject(context.query)
  let first = true
  const write = (event: WatchEvent): Piece => {
    const line = tableLine(kind, event, { include, version, now: clock.now() }, first)
    first &&= event.type === 'ERROR'
    return line
  }
  return { contentType, write }
}
