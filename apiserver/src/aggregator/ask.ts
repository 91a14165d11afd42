import https from 'node:https'
import { isIPv6 } from 'node:net'
import type { Place } from './resolve.ts'

/** The certificate with which the apiserver shows itself to aggregated API servers. */
export type ProxyClient = { cert: string; key: string } | undefined

const limitMilliseconds = 5000
const maxBytes = 4 * 1024 * 1024

// kube-aggregator/pkg/controllers/status/remote/remote_available_controller.go sync
/**
 * GET of a path of an aggregated API server, as a member of system:masters. The certificate of the other side is not
 * checked: the answer says only that it is there and what it serves. Throws an Error with what went wrong.
 */
export async function ask(place: Place, path: string, client: ProxyClient, signal: AbortSignal): Promise<Buffer> {
  const headers = { 'X-Remote-User': 'system:kube-aggregator', 'X-Remote-Group': 'system:masters' }
  return (await askMore(place, { path, headers, codes: [] }, client, signal)).body
}

export interface Asked {
  path: string
  headers: Record<string, string>
  /** Codes that are no error besides those of success. */
  codes: readonly number[]
}

export interface Told {
  code: number
  etag: string
  body: Buffer
}

/** As ask, with headers and what else is an answer. */
export async function askMore(place: Place, asked: Asked, client: ProxyClient, signal: AbortSignal): Promise<Told> {
  const host = isIPv6(place.host) ? `[${place.host}]` : place.host
  const url = `https://${host}:${place.port}${asked.path}`
  try {
    return await get(place, url, asked, client, signal)
  } catch (error) {
    throw new Error(`failing or missing response from ${url}: ${reasonText(error, url, `${host}:${place.port}`)}`, {
      cause: error,
    })
  }
}

class BadStatus extends Error {}

function get(place: Place, url: string, asked: Asked, client: ProxyClient, signal: AbortSignal): Promise<Told> {
  return new Promise((resolve, reject) => {
    const request = https.get(
      {
        ...place,
        path: asked.path,
        ...client,
        rejectUnauthorized: false,
        agent: false,
        timeout: limitMilliseconds,
        signal: AbortSignal.any([signal, AbortSignal.timeout(limitMilliseconds)]),
        headers: { accept: 'application/json', ...asked.headers },
      },
      (response) => {
        const code = response.statusCode ?? 0
        if ((code < 200 || code >= 300) && !asked.codes.includes(code)) {
          response.resume()
          reject(new BadStatus(`bad status from ${url}: ${code}`))
          return
        }
        const chunks: Buffer[] = []
        let size = 0
        response.on('data', (chunk: Buffer) => {
          size += chunk.length
          if (size > maxBytes) request.destroy(new Error(`the answer is larger than ${maxBytes} bytes`))
          else chunks.push(chunk)
        })
        response.on('error', reject)
        response.on('end', () => resolve({ code, etag: response.headers.etag ?? '', body: Buffer.concat(chunks) }))
      },
    )
    request.on('error', reject)
  })
}

const dialErrors: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connect: connection refused',
  EHOSTUNREACH: 'connect: no route to host',
  ENETUNREACH: 'connect: network is unreachable',
}

/** As Go's HTTP client words it. */
function reasonText(error: unknown, url: string, address: string): string {
  if (error instanceof BadStatus) return error.message
  const { name = '', code = '', message = String(error) } = error as { name?: string; code?: string; message?: string }
  if (name === 'AbortError' || name === 'TimeoutError') {
    return `Get "${url}": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`
  }
  const known = Object.hasOwn(dialErrors, code) ? dialErrors[code] : undefined
  return `Get "${url}": ${known === undefined ? message : `dial tcp ${address}: ${known}`}`
}
