import https from 'node:https'
import { posix } from 'node:path'
import { createSecureContext } from 'node:tls'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import { dial, type Address, type Trust } from './dial.ts'
import { hostPort } from './go-words.ts'
import { exchange, type PostOptions } from './exchange.ts'
import type { ResolveService } from './service-resolver.ts'

/** WebhookClientConfig of admission webhooks and of conversion webhooks. */
export interface HookConfig {
  url?: string
  service?: { namespace: string; name: string; path?: string; port?: number }
  /** PEM in base64; unset: the authorities that the machine trusts. */
  caBundle?: string
}

/** One webhook, ready to be called. */
export interface Hook {
  /**
   * Sends the value as JSON and answers what came back, parsed. Rejects with an Error whose message is what upstream's
   * client says: `Post "https://…": …` when there was no answer, a StatusError for an answer that is none of success.
   */
  post(value: unknown, options: PostOptions): Promise<unknown>
}

export interface HookClients {
  /** Hooks with the same config share connections. Throws when the config cannot be used. */
  hook(config: HookConfig): Hook
  /** Ends all connections, also those in use. */
  close(): void
}

// apiserver/pkg/util/webhook/client.go defaultCacheSize
const maxHooks = 200
// apimachinery/pkg/util/net/http.go SetTransportDefaults; net/http DefaultTransport
const idleMilliseconds = 90_000
const maxIdle = 25

/** The apiserver shows webhooks no certificate of its own, as upstream without an admission control config file. */
// apiserver/pkg/util/webhook/client.go ClientManager
export function createHookClients(resolve: ResolveService, clock: Clock): HookClients {
  const stop = new AbortController()
  const made = new Map<string, { hook: Hook; agent: https.Agent }>()
  return {
    hook(config) {
      const { url, service, caBundle } = config
      const key = JSON.stringify([url, service, caBundle])
      const found = made.get(key)
      if (found !== undefined) {
        // the one used last is the last to go
        made.delete(key)
        made.set(key, found)
        return found.hook
      }
      const target = service === undefined ? urlTarget(url) : serviceTarget(service, resolve)
      const trust = { context: contextOf(caBundle), serverName: target.serverName }
      const agent = new HookAgent(target.locate, trust, clock, stop.signal)
      const hook: Hook = {
        post: (value, options) => exchange({ ...target, agent }, JSON.stringify(value), options, clock),
      }
      made.set(key, { hook, agent })
      const [oldest] = made
      if (made.size > maxHooks && oldest !== undefined) {
        retire(oldest[1].agent)
        made.delete(oldest[0])
      }
      return hook
    },
    close() {
      stop.abort()
      for (const { agent } of made.values()) agent.destroy()
      made.clear()
    },
  }
}

interface HookTarget {
  /** "https://hook.default.svc:443" */
  origin: string
  path: string
  serverName: string
  locate: () => Promise<Address>
}

function serviceTarget(
  { namespace, name, path, port = 443 }: NonNullable<HookConfig['service']>,
  resolve: ResolveService,
) {
  const serverName = `${name}.${namespace}.svc`
  return {
    origin: `https://${serverName}:${port}`,
    path: cleanPath(path),
    serverName,
    locate: () => resolve(namespace, name, port),
  }
}

function urlTarget(url: string | undefined): HookTarget {
  if (!url) throw new Error('webhook configuration must have either service or URL')
  let parsed: URL
  try {
    parsed = new URL(url)
  } catch {
    throw new Error(`Unparsable URL: parse ${JSON.stringify(url)}: invalid URL`)
  }
  if (parsed.protocol !== 'https:') throw new Error(`unsupported protocol scheme ${JSON.stringify(parsed.protocol)}`)
  const host = parsed.hostname.replace(/^\[|\]$/g, '')
  const port = parsed.port === '' ? 443 : Number(parsed.port)
  return {
    origin: `https://${parsed.port === '' ? parsed.hostname : hostPort(host, port)}`,
    path: cleanPath(parsed.pathname),
    serverName: host,
    locate: () => Promise.resolve({ host, port }),
  }
}

/** As Go's path.Join: one slash in front, none behind, no dots. */
function cleanPath(path = ''): string {
  const joined = posix.join('/', path)
  return encodeURI(joined.length > 1 ? joined.replace(/\/$/, '') : joined).replaceAll('%25', '%')
}

function contextOf(caBundle: string | undefined): Trust['context'] {
  if (!caBundle) return createSecureContext()
  const ca = Buffer.from(caBundle, 'base64').toString()
  const problem = new Error('unable to load root certificates: unable to parse bytes as PEM block')
  if (!ca.includes('-----BEGIN CERTIFICATE-----')) throw problem
  try {
    return createSecureContext({ ca })
  } catch {
    throw problem
  }
}

/** Keeps connections to one webhook open between calls. */
class HookAgent extends https.Agent {
  readonly #connect: (callback: Connected) => void

  constructor(locate: () => Promise<Address>, trust: Trust, clock: Clock, signal: AbortSignal) {
    super({ keepAlive: true, maxFreeSockets: maxIdle, timeout: idleMilliseconds })
    this.#connect = (callback) => {
      locate()
        .then((address) => dial(address, trust, clock, signal))
        .then(
          (socket) => callback(null, socket),
          (error: Error) => callback(error),
        )
    }
  }

  override createConnection(_options: unknown, callback?: unknown): undefined {
    this.#connect(callback as Connected)
  }
}

type Connected = (error: Error | null, socket?: Awaited<ReturnType<typeof dial>>) => void

/** Its calls go on; no connection outlives its call. */
function retire(agent: https.Agent): void {
  agent.maxFreeSockets = 0
  for (const sockets of Object.values(agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy()
}
