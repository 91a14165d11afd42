import http from 'node:http'
import https from 'node:https'
import net from 'node:net'
import type { Container, HTTPGetAction } from '@kubets/shared/api/types/core-v1.ts'

/** Status and the beginning of the body of an answer. */
export interface HttpAnswer {
  status: number
  body: string
  /** Where it says to go on, if it does. */
  location: string | undefined
}

// pkg/probe/http/http.go maxRespBodyLength
const maxBody = 10 * 1024
const userAgent = 'kube-probe/1.36'
const mostRedirects = 10
const redirects = [301, 302, 303, 307, 308]

/** The number of a port that may be given by name. Throws when the container has no port of that name. */
// pkg/probe/util.go ResolveContainerPort
export function resolvePort(port: number | string, container: Container): number {
  if (typeof port === 'number') return port
  const named = container.ports?.find((one) => one.name === port)?.containerPort
  const number = named ?? (/^\d+$/.test(port) ? Number(port) : undefined)
  if (number === undefined || number < 1 || number > 65535) throw new Error(`couldn't find port: ${port}`)
  return number
}

/** The URL an action means, with the Pod's address where it names no host. */
export function actionUrl(action: HTTPGetAction, container: Container, podIP: string): string {
  const host = action.host || podIP
  const shown = host.includes(':') ? `[${host}]` : host
  const path = (action.path ?? '').startsWith('/') ? action.path : `/${action.path ?? ''}`
  return `${(action.scheme ?? 'HTTP').toLowerCase()}://${shown}:${resolvePort(action.port, container)}${path}`
}

/**
 * Asks, and goes where it is told to on the same host; certificates are not checked. Rejects when there is no answer, with
 * Go's words for the common causes.
 */
// pkg/probe/http/http.go RedirectChecker
export async function httpGet(url: string, action: HTTPGetAction, signal: AbortSignal): Promise<HttpAnswer> {
  let at = url
  for (let asked = 1; ; asked++) {
    const answer = await ask(at, action, signal)
    if (!redirects.includes(answer.status) || answer.location === undefined) return answer
    const next = URL.parse(answer.location, at)
    if (!next) throw new Error(`Get "${at}": failed to parse Location header "${answer.location}"`)
    if (next.hostname !== new URL(url).hostname) return answer
    if (asked >= mostRedirects) throw new Error(`Get "${next.href}": stopped after ${mostRedirects} redirects`)
    at = next.href
  }
}

async function ask(url: string, action: HTTPGetAction, signal: AbortSignal): Promise<HttpAnswer> {
  const headers: Record<string, string | string[]> = { 'User-Agent': userAgent, Accept: '*/*', Connection: 'close' }
  for (const { name, value } of action.httpHeaders ?? []) {
    const key = Object.keys(headers).find((one) => one.toLowerCase() === name.toLowerCase()) ?? name
    headers[key] = value ?? ''
  }
  const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>()
  const module = url.startsWith('https:') ? https : http
  const options = { headers, signal, agent: false, rejectUnauthorized: false }
  const request = module.get(url, options, (response) => {
    const parts: Buffer[] = []
    let size = 0
    const done = (): void => {
      const body = Buffer.concat(parts).subarray(0, maxBody).toString('utf8')
      resolve({ status: response.statusCode ?? 0, body, location: response.headers.location })
    }
    response.on('data', (chunk: Buffer) => {
      parts.push(chunk)
      size += chunk.length
      if (size < maxBody) return
      done()
      request.destroy()
    })
    response.on('end', done)
    response.on('error', reject)
  })
  request.on('error', reject)
  try {
    return await promise
  } catch (error) {
    if (signal.aborted)
      throw new Error(`Get "${url}": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`)
    throw new Error(`Get "${url}": ${dialError(error)}`)
  }
}

/** Connects and hangs up. */
export async function tcpConnect(host: string, port: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const socket = net.connect({ host, port, signal }, resolve)
  socket.on('error', reject)
  try {
    await promise
  } catch (error) {
    if (signal.aborted) throw new Error(`dial tcp ${net.isIPv6(host) ? `[${host}]` : host}:${port}: i/o timeout`)
    throw new Error(dialError(error))
  } finally {
    socket.destroy()
  }
}

const causes: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connect: connection refused',
  EHOSTUNREACH: 'connect: no route to host',
  ENETUNREACH: 'connect: network is unreachable',
  ECONNRESET: 'read: connection reset by peer',
}

function dialError(error: unknown): string {
  const { code = '', address, port, message } = error as NodeJS.ErrnoException & { address?: string; port?: number }
  const cause = causes[code]
  return cause && address !== undefined ? `dial tcp ${address}:${port ?? ''}: ${cause}` : cause ? cause : message
}
