import { createRequire } from 'node:module'
import type { Agent as AgentClass, Dispatcher } from 'undici'

// The package's front door also loads its fetch, WebSockets, caches and mocks: 6 MB and 15 ms in every program.
const load = createRequire(import.meta.url)

type RequestOptions = Dispatcher.RequestOptions & { dispatcher: AgentClass }
type Api = (this: Dispatcher, options: Dispatcher.RequestOptions) => Promise<Dispatcher.ResponseData>

export const Agent = load('undici/lib/dispatcher/agent.js') as typeof AgentClass
export type Agent = AgentClass
const apiRequest = load('undici/lib/api/api-request.js') as Api

/** As undici's own `request`: sends it through the dispatcher and resolves with the headers there and the body to come. */
export function request(
  url: string,
  { dispatcher, ...options }: Omit<RequestOptions, 'origin' | 'path'>,
): Promise<Dispatcher.ResponseData> {
  const { origin, pathname, search } = new URL(url)
  return apiRequest.call(dispatcher, { ...options, origin, path: pathname + search })
}
