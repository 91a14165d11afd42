// Writes an answer to its connection.
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Http2ServerRequest } from 'node:http2'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import type { Answer } from './answer.ts'
import { warningHeaders } from './warnings.ts'

/** Larger answers go out in pieces, as fast as the client takes them: encrypting one takes its time. */
const pieceLength = 256 * 1024

/** Sends an answer; the signal aborts when nobody waits for it any more. Never rejects. */
export async function send(
  response: ServerResponse,
  answer: Answer,
  warnings: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const { body } = answer
  if (body.length <= pieceLength) return write(response, answer, warnings)
  if (!begin(response, answer, warnings)) return
  try {
    for (let start = 0; start < body.length; start += pieceLength) {
      if (!response.write(body.subarray(start, start + pieceLength))) await once(response, 'drain', { signal })
    }
    response.end()
  } catch {
    // the client is gone, or too slow
    response.destroy()
  }
}

/** Sends a short answer, where there is still somebody to read it. */
export function write(response: ServerResponse, answer: Answer, warnings: readonly string[]): void {
  if (begin(response, answer, warnings)) response.end(answer.body)
}

/** Writes the head, where there is still somebody to read it and none was written. */
function begin(response: ServerResponse, answer: Answer, warnings: readonly string[]): boolean {
  if (response.destroyed || response.headersSent) return false
  if (warnings.length > 0) response.setHeader('warning', warningHeaders(warnings))
  writeHead(response, answer)
  return true
}

function writeHead(response: ServerResponse, answer: Answer): void {
  response.writeHead(answer.code, {
    'audit-id': randomUUID(),
    'cache-control': 'no-cache, private',
    ...answer.headers,
    'content-type': answer.contentType,
    'content-length': answer.body.length,
  })
}

/** How long a connection is still read after an answer that came before the whole body. */
const lingerMilliseconds = 500

/**
 * Answers before the body has come whole, and ends this connection, or stream. A connection closed on a client that
 * still sends is reset, and the answer lost with it: what comes is read and dropped for a moment more.
 * net/http/server.go rstAvoidanceDelay
 */
export function refuseRest(request: IncomingMessage, response: ServerResponse, answer: Answer, clock: Clock): void {
  if (request.httpVersionMajor !== 1) {
    response.on('finish', () => (request as unknown as Http2ServerRequest).stream.close())
    write(response, answer, [])
    return
  }
  if (response.destroyed) return
  response.setHeader('connection', 'close')
  writeHead(response, answer)
  response.write(answer.body)
  const end = (): void => void response.end()
  const cancelTimer = clock.timer(lingerMilliseconds, end)
  request.on('close', cancelTimer)
  request.on('end', end)
  request.resume()
}
