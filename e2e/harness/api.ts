import { Agent, request, type RequestOptions } from 'node:https'
import { kubectl } from './kubectl.ts'

/** What the API server answered: its code, and the body as JSON when it is that. */
export interface Answer<T = Record<string, unknown>> {
  readonly code: number
  readonly body: T
}

/** An object as the API server gives and takes it. */
export interface ApiObject {
  readonly apiVersion?: string
  readonly kind?: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly uid?: string
    readonly generation?: number
    readonly resourceVersion?: string
    readonly deletionTimestamp?: string
    readonly labels?: Record<string, string>
    readonly annotations?: Record<string, string>
    readonly ownerReferences?: readonly { readonly kind: string; readonly name: string }[]
  }
  readonly [field: string]: unknown
}

/** A list as the API server gives it. */
export interface ApiList {
  readonly metadata: {
    readonly resourceVersion: string
    readonly continue?: string
    readonly remainingItemCount?: number
  }
  readonly items: readonly ApiObject[]
}

/** A watch under way: the events it has brought so far. */
export interface Watch {
  readonly events: readonly { readonly type: string; readonly object: ApiObject }[]
  stop(): void
}

/** Requests with the admin's certificate, past kubectl: for what kubectl has no word for. */
export interface Api {
  send<T = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answer<T>>
  /** Like send, but anything other than 2xx is an error. */
  call<T = ApiObject>(method: string, path: string, body?: unknown): Promise<T>
  watch(path: string): Watch
  /** For requests of other kinds. */
  readonly connection: { readonly server: string; readonly options: RequestOptions }
}

interface Config {
  readonly clusters: { readonly cluster: { readonly server: string; readonly 'certificate-authority-data': string } }[]
  readonly users: {
    readonly user: { readonly 'client-certificate-data': string; readonly 'client-key-data': string }
  }[]
}

const decoded = (text: string | undefined): string => Buffer.from(text ?? '', 'base64').toString()

/** Reads the kubeconfig in use and answers with a way to ask its API server. */
export async function connect(): Promise<Api> {
  const config = JSON.parse(await kubectl(['config', 'view', '--raw', '--minify', '-o', 'json'])) as Config
  const server = config.clusters[0]?.cluster.server ?? ''
  const options: RequestOptions = {
    // many cases look every moment: a handshake for each look would be most of what it costs
    agent: new Agent({ keepAlive: true, maxSockets: 32 }),
    ca: decoded(config.clusters[0]?.cluster['certificate-authority-data']),
    cert: decoded(config.users[0]?.user['client-certificate-data']),
    key: decoded(config.users[0]?.user['client-key-data']),
  }

  const send = <T>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer<T>> =>
    new Promise((resolve, reject) => {
      const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'
      const data = body === undefined || typeof body === 'string' ? body : JSON.stringify(body)
      // said always: Node leaves it out where a body is unusual, as with DELETE
      const length = data === undefined ? {} : { 'content-length': String(Buffer.byteLength(data)) }
      const sent = request(
        `${server}${path}`,
        { ...options, method, timeout: 30_000, headers: { 'content-type': type, ...length, ...headers } },
        (response) => {
          let text = ''
          response.on('data', (chunk: Buffer) => (text += chunk.toString()))
          response.on('error', reject)
          response.on('end', () => {
            const json = response.headers['content-type']?.includes('json') && text !== ''
            try {
              resolve({ code: response.statusCode ?? 0, body: (json ? JSON.parse(text) : text) as T })
            } catch {
              reject(new Error(`${method} ${path}: no JSON: ${text}`))
            }
          })
        },
      )
      sent.on('timeout', () => sent.destroy(new Error(`no answer to ${method} ${path} within 30 s`)))
      sent.on('error', (error: NodeJS.ErrnoException) => {
        // the server ended an idle connection at the moment this took it: net/http's clients ask again too
        if (sent.reusedSocket && error.code === 'ECONNRESET') resolve(send(method, path, body, headers))
        else reject(error)
      })
      sent.end(data)
    })

  return {
    connection: { server, options },
    send,
    call: async <T>(method: string, path: string, body?: unknown): Promise<T> => {
      const { code, body: answer } = await send<T>(method, path, body)
      if (code < 200 || code > 299) throw new Error(`${method} ${path}: ${String(code)} ${JSON.stringify(answer)}`)
      return answer
    },
    watch: (path) => {
      const events: { type: string; object: ApiObject }[] = []
      let rest = ''
      const sent = request(`${server}${path}`, { ...options, agent: false }, (response) => {
        response.on('error', () => {})
        response.on('data', (chunk: Buffer) => {
          const lines = (rest + chunk.toString()).split('\n')
          rest = lines.pop() ?? ''
          for (const line of lines) events.push(JSON.parse(line) as { type: string; object: ApiObject })
        })
      })
      sent.on('error', () => {})
      sent.end()
      return { events, stop: () => sent.destroy() }
    },
  }
}
