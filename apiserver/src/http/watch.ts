import { once } from 'node:events'
import type { Kind } from '@kubets/shared/api/kinds/kind.ts'
import { notAcceptable } from '@kubets/shared/machinery/errors.ts'
import type { WatchEvent } from '../registry/types.ts'
import { scopeOf, type Deps, type RequestContext } from './context.ts'
import { answerTypes } from './negotiate.ts'
import { formOf } from './output.ts'
import { integer, watchOptions } from './query.ts'
import { includeObject, partialLine, tableLine } from './table.ts'

// staging/src/k8s.io/apiserver/pkg/server/config.go MinRequestTimeout
const minimumSeconds = 1800

/** Streams events as JSON, a line each, until the client, the server, the time or the registry ends it. */
export async function watchObjects(context: RequestContext, deps: Deps, kind: Kind): Promise<undefined> {
  const toLine = lineWriter(context, deps, kind)
  const seconds = integer(context.query, 'timeoutSeconds') || minimumSeconds * (1 + Math.random())
  const timer = new AbortController()
  const cancelTimer = deps.clock.timer(seconds * 1000, () => timer.abort())
  const signal = AbortSignal.any([context.signal, timer.signal, ...(kind.ended ? [kind.ended] : [])])
  try {
    const scope = { ...scopeOf(context, deps, kind), signal }
    const name = context.info.name
    const options = { ...watchOptions(context.query), ...(name === '' ? {} : { name }) }
    const batches = await deps.registry.watch(scope, options)
    const { response } = context
    writeHead(context)
    for await (const batch of batches) {
      const bytes = batch.length === 1 && batch[0] !== undefined ? toLine(batch[0]) : Buffer.concat(batch.map(toLine))
      // a client that does not read holds up this loop alone; the registry cuts it when it is too far behind
      if (!response.write(bytes)) await once(response, 'drain', { signal }).catch(() => undefined)
      if (signal.aborted) break
    }
    response.end()
    return undefined
  } finally {
    cancelTimer()
    timer.abort()
  }
}

function writeHead({ response, warnings }: RequestContext): void {
  if (warnings.length > 0) {
    response.setHeader(
      'warning',
      warnings.map((text) => `299 - ${JSON.stringify(text)}`),
    )
  }
  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-cache, private' })
  response.flushHeaders()
}

function lineWriter(context: RequestContext, { clock }: Deps, kind: Kind): (event: WatchEvent) => Buffer {
  const form = formOf(context, true)
  if (form.format !== 'json') throw notAcceptable([...answerTypes.slice(0, 1), 'application/json;stream=watch'])
  switch (form.transform) {
    case 'Table': {
      const include = includeObject(context.query)
      return (event) => tableLine(kind, event, include, clock.now())
    }
    case undefined:
      return (event) => event.line
    default:
      return partialLine
  }
}
