import { connect, type Api } from './api.ts'
import { kubectl, run, type Finished } from './kubectl.ts'
import { until } from './until.ts'

/** A namespace of one test file. */
export interface Namespace {
  readonly name: string
  /** kubectl bound to this namespace. */
  kubectl(args: readonly string[], options?: { input?: string; timeoutMs?: number }): Promise<string>
  /** Like kubectl, but a non-zero exit is an answer too. */
  try(args: readonly string[], options?: { input?: string; timeoutMs?: number }): Promise<Finished>
  /** `kubectl apply -f -` with objects given as JavaScript values. */
  apply(...objects: object[]): Promise<string>
  get<T>(resource: Resource, name: string): Promise<T>
  /** The items whose labels match the selector; all without one. */
  list<T>(resource: Resource, selector?: string): Promise<T[]>
  create(resource: Resource, object: object): Promise<void>
  logs(pod: string, container: string): Promise<string>
}

const prefixes = {
  configmaps: 'api/v1',
  deployments: 'apis/apps/v1',
  endpoints: 'api/v1',
  endpointslices: 'apis/discovery.k8s.io/v1',
  events: 'api/v1',
  pods: 'api/v1',
  replicasets: 'apis/apps/v1',
  replicationcontrollers: 'api/v1',
  serviceaccounts: 'api/v1',
  services: 'api/v1',
} as const
/** What the suites look at. */
export type Resource = keyof typeof prefixes

let connected: Promise<Api> | undefined
/** Asked of the API itself: many cases wait at the same time, and a kubectl for every look would be most of the load. */
const api = (): Promise<Api> => (connected ??= connect())

let count = 0

/** A new namespace of this test file's own, ready for Pods. */
export async function makeNamespace(prefix: string): Promise<Namespace> {
  const name = `${prefix}-${process.pid.toString(36)}${(count++).toString(36)}`
  await kubectl(['create', 'namespace', name])
  const scoped = (args: readonly string[]): string[] => ['-n', name, ...args]
  const path = (resource: Resource): string => `/${prefixes[resource]}/namespaces/${name}/${resource}`
  const namespace: Namespace = {
    name,
    kubectl: (args, options) => kubectl(scoped(args), options),
    try: (args, options) => run('kubectl', scoped(args), options),
    apply: (...objects) =>
      kubectl(scoped(['apply', '-f', '-']), {
        input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }),
      }),
    get: async (resource, one) => (await api()).call('GET', `${path(resource)}/${one}`),
    list: async <T>(resource: Resource, selector = '') =>
      (
        await (
          await api()
        ).call<{ items: T[] }>('GET', `${path(resource)}?labelSelector=${encodeURIComponent(selector)}`)
      ).items,
    logs: async (pod, container) => (await api()).call('GET', `${path('pods')}/${pod}/log?container=${container}`),
    create: async (resource, object) => void (await (await api()).call('POST', path(resource), object)),
  }
  await until(`the default ServiceAccount of ${name}`, () => namespace.get('serviceaccounts', 'default'))
  return namespace
}

/** Removes a namespace and waits until it is gone with all that was in it. */
export async function removeNamespace(namespace: Namespace | undefined): Promise<void> {
  if (namespace) await kubectl(['delete', 'namespace', namespace.name, '--timeout=170s'], { timeoutMs: 180_000 })
}

/** A node, as far as the suites look at it. */
export interface Node {
  readonly metadata: { readonly name: string }
  readonly status: {
    readonly addresses: readonly { readonly type: string; readonly address: string }[]
    readonly conditions: readonly { readonly type: string; readonly status: string; readonly message: string }[]
    readonly allocatable?: { readonly cpu: string; readonly memory: string }
  }
}

/** Marks nodes that a case made up: no other case counts on them. */
export const hollow = 'e2e.kubets/hollow'

/** The cluster's nodes. */
export const nodes = async (): Promise<Node[]> =>
  (await (await api()).call<{ items: Node[] }>('GET', `/api/v1/nodes?labelSelector=!${hollow}`)).items

/** Where the API server, which runs on the cluster's node, reaches a server of this process. */
export async function hostAddress(): Promise<string> {
  const [node] = await nodes()
  const address = node?.status.addresses.find(({ type }) => type === 'InternalIP')?.address
  if (!address) throw new Error(`node ${String(node?.metadata.name)} has no address of type InternalIP`)
  return address
}
