import https from 'node:https'
import type { IncomingMessage } from 'node:http'
import { errorFromResponse } from '@kubets/shared/client/response-errors.ts'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import { StatusError } from '@kubets/shared/machinery/errors.ts'
import { exchangeWords } from './go-words.ts'

/** More than any object can be, whole and as a patch; a webhook must not fill the apiserver's memory. */
const maxAnswerBytes = 32 * 1024 * 1024

export interface PostOptions {
  timeoutSeconds: number
  signal: AbortSignal
}

interface Endpoint {
  origin: string
  path: string
  agent: https.Agent
}

/** One POST of JSON and its answer, parsed. Rejects as `Hook.post` says. */
// client-go/rest/request.go Request.Do, transformResponse, Result.Into
export async function exchange(
  { origin, path, agent }: Endpoint,
  body: string,
  { timeoutSeconds, signal }: PostOptions,
  clock: Clock,
): Promise<unknown> {
  const url = `${origin}${path}?timeout=${goSeconds(timeoutSeconds)}`
  const limit = new AbortController()
  const cancelTimer = clock.timer(timeoutSeconds * 1000, () => limit.abort(new Error('context deadline exceeded')))
  const abort = (): void => limit.abort(abortWords(signal))
  if (signal.aborted) abort()
  else signal.addEventListener('abort', abort, { once: true })
  try {
    const answer = await send(url, agent, body, limit.signal)
    return parse(answer)
  } finally {
    cancelTimer()
    signal.removeEventListener('abort', abort)
  }
}

/** The request's own time is over, or its client is gone. */
const abortWords = ({ reason }: AbortSignal): Error =>
  new Error(reason instanceof StatusError ? 'context deadline exceeded' : 'context canceled')

/** As Go prints a duration: "10s", "1m0s". */
function goSeconds(seconds: number): string {
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`
}

interface Answer {
  code: number
  contentType: string
  text: string
}

async function send(url: string, agent: https.Agent, body: string, signal: AbortSignal): Promise<Answer> {
  for (;;) {
    const attempt = post(url, agent, body, signal)
    try {
      return await attempt.answer
    } catch (error) {
      const problem = signal.aborted ? (signal.reason as Error) : (error as Error & { code?: string })
      // a kept connection that the other side has closed meanwhile says nothing of the webhook: dial again, as Go does
      if (!signal.aborted && attempt.request.reusedSocket && 'code' in problem && problem.code === 'ECONNRESET')
        continue
      throw new Error(`Post ${JSON.stringify(url)}: ${exchangeWords(problem)}`, { cause: error })
    }
  }
}

function post(url: string, agent: https.Agent, body: string, signal: AbortSignal) {
  const request = https.request(url, {
    method: 'POST',
    agent,
    signal,
    headers: {
      accept: 'application/json, */*',
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      'user-agent': 'kube-apiserver-admission',
    },
  })
  const answer = new Promise<Answer>((resolve, reject) => {
    request.on('error', reject)
    request.on('response', (response) => readAnswer(response).then(resolve, reject))
  })
  request.end(body)
  return { request, answer }
}

async function readAnswer(response: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > maxAnswerBytes) throw new Error(`the answer is larger than ${maxAnswerBytes} bytes`)
    chunks.push(chunk)
  }
  return {
    code: response.statusCode ?? 0,
    contentType: response.headers['content-type'] ?? '',
    text: Buffer.concat(chunks).toString(),
  }
}

/** Nothing but 200 to 206 is success: redirects are not followed. */
function parse({ code, contentType, text }: Answer): unknown {
  if (code < 200 || code > 206) throw errorFromResponse({ method: 'POST', code, body: text })
  if (text === '') throw new Error(`0-length response with status code: ${code} and content type: ${contentType}`)
  try {
    return JSON.parse(text)
  } catch {
    throw new Error(
      "couldn't get version/kind; json parse error: json: cannot unmarshal string into Go value of type " +
        'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }',
    )
  }
}
