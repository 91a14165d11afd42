// One request: who asks for what, may they, and the answer of its handler.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { badRequest, timeout, StatusError } from '@kubets/shared/machinery/errors.ts'
import { describeError } from '@kubets/shared/process/signals.ts'
import { Rejected } from '../flowcontrol/flow-control.ts'
import { aggregated } from './aggregated.ts'
import { toStatusError } from './answer.ts'
import { readBody } from './body.ts'
import type { Deps, Handler, RequestContext } from './context.ts'
import { admitted } from './filters.ts'
import { compressed, errorAnswer } from './output.ts'
import { durationMilliseconds } from './query.ts'
import { isLongRunning, parseRequestInfo, type RequestInfo } from './request-info.ts'
import { kindOf } from './resource.ts'
import { rejectedAnswer, takeSeat } from './seats.ts'
import { refuseRest, send, write } from './send.ts'

const requestMilliseconds = 60_000

/** Why the signal of a request aborts in the end; made once, as a stack for each request costs more than routing it. */
const ended = new DOMException('This operation was aborted', 'AbortError')

/** Serves a request from its head to its answer; never rejects. */
export async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  handler: Handler,
  deps: Deps,
): Promise<void> {
  const { clock, metrics, log } = deps
  const start = clock.elapsed()
  const method = request.method ?? 'GET'
  const gone = new AbortController()
  let release = (): void => undefined
  response.on('close', () => {
    gone.abort(ended)
    release()
  })
  // reads of a broken connection end in the error that whoever reads gets; this is for when nobody does
  request.on('error', () => gone.abort(ended))
  response.on('error', () => gone.abort(ended))

  const warnings: string[] = []
  let known: RequestInfo = unknownRequest
  let lasting = false
  try {
    const { path, query, info } = parseUrl(request, method)
    lasting = isLongRunning(info)
    const countOut = lasting ? undefined : countIn(info, metrics.inFlight)
    try {
      if (lasting) {
        deps.stopping.addEventListener('abort', () => gone.abort(), { signal: gone.signal })
      } else {
        const after = Math.min(requestMilliseconds, durationMilliseconds(query.get('timeout')) || Infinity)
        // the answer has to be gone by then too: a client that does not read it would keep its seat
        const cancelTimer = clock.timer(after, () => {
          gone.abort(timeout('request did not complete within the allotted timeout'))
          if (response.headersSent) response.destroy()
        })
        gone.signal.addEventListener('abort', cancelTimer)
        if (gone.signal.aborted) cancelTimer()
      }
      const user = await admitted(request, path, info, deps)
      const seat = await takeSeat(info, query, user, lasting, response, gone.signal, deps)
      release = () => seat?.release()
      if (gone.signal.aborted) release()
      const context: RequestContext = {
        method,
        path,
        query,
        headers: request.headers,
        info,
        user,
        clock,
        signal: gone.signal,
        warnings,
        auditAnnotations: new Map(),
        request,
        response,
        initialized: () => release(),
        body: () => readBody(request),
      }
      // time series are made for what there is, not for what a client makes up
      if (!info.isResourceRequest || kindOf(context, deps.kinds) !== undefined) known = info
      if (lasting) metrics.longRunning(known, 1)
      const remote = deps.aggregator.remotes.forPath(path)
      const answer = await orAborted((remote ? aggregated(remote) : handler)(context, deps), gone.signal)
      if (answer !== undefined) {
        await send(response, await compressed(answer, request.headers['accept-encoding']), warnings, gone.signal)
      }
    } finally {
      countOut?.()
    }
  } catch (error) {
    fail(error, request, response, warnings, gone.signal, deps)
  } finally {
    if (!response.writableEnded) response.on('finish', () => request.resume())
    else request.resume()
    if (lasting && known !== unknownRequest) metrics.longRunning(known, -1)
    const seconds = (clock.elapsed() - start) / 1000
    metrics.finished(known, method, response.statusCode, seconds, lasting)
    log.debug({ method, url: request.url, code: response.statusCode, seconds }, 'request')
  }
}

const unknownRequest: RequestInfo = parseRequestInfo('', '', new URLSearchParams())

/** The parts of a request's URL, and what they ask for. @throws StatusError 400 */
export function parseUrl(
  request: IncomingMessage,
  method: string,
): { path: string; query: URLSearchParams; info: RequestInfo } {
  const url = request.url ?? '/'
  const mark = url.indexOf('?')
  const path = mark < 0 ? url : url.slice(0, mark)
  const query = new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1))
  try {
    return { path, query, info: parseRequestInfo(method, path, query) }
  } catch {
    throw badRequest(`invalid URL escape in ${JSON.stringify(path)}`)
  }
}

/** Counts the request in; the function given back counts it out again. */
function countIn(info: RequestInfo, inFlight: Deps['metrics']['inFlight']): () => void {
  const sort = ['get', 'list', 'head'].includes(info.verb) ? 'readonly' : 'mutating'
  inFlight[sort]++
  return () => inFlight[sort]--
}

/** The handler's result, or the reason of the abort as soon as there is one. */
async function orAborted<T>(work: Promise<T> | T, signal: AbortSignal): Promise<T> {
  if (!(work instanceof Promise)) return work
  return new Promise<T>((resolve, reject) => {
    const abort = (): void => {
      // what ends in order by the signal (a watch) is given the turn to do so
      if (signal.reason instanceof StatusError) reject(signal.reason)
    }
    signal.addEventListener('abort', abort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}

function fail(
  error: unknown,
  request: IncomingMessage,
  response: ServerResponse,
  warnings: readonly string[],
  signal: AbortSignal,
  { clock, log }: Deps,
): void {
  const reason: unknown = signal.reason
  if (signal.aborted && !(reason instanceof StatusError)) {
    response.destroy()
    return
  }
  if (error instanceof Rejected) {
    write(response, rejectedAnswer(error, response), warnings)
    return
  }
  const status = toStatusError(reason instanceof StatusError ? reason : error)
  if (status.code >= 500) log.error({ err: error, method: request.method, url: request.url }, describeError(error))
  if (response.headersSent) {
    response.destroy()
    return
  }
  const answer = errorAnswer(status, request.headers.accept)
  if (status.code === 413) refuseRest(request, response, answer, clock)
  else write(response, answer, warnings)
}
