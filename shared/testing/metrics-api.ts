import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { apiServices, pods, services } from '../api/resources.gen.ts'
import type { Client } from '../client/client.ts'
import { isNotFound } from '../machinery/errors.ts'
import type { ResourceRef } from '../machinery/object.ts'
import { formatTime } from '../machinery/time.ts'
import { createCA, issueCertificate } from '../process/certificates.ts'
import { realClock } from '../process/clock.ts'

/** The metrics APIs behind the aggregator of an apiserver, with whatever values a test wants. */
export interface MetricsApi {
  /** What every container of the namespace's Pods uses, such as `{ cpu: '250m' }`. */
  use(namespace: string, usage: Record<string, string>): void
  /** The value of a custom or external metric, for all that is asked about in the namespace. */
  set(namespace: string, metric: string, value: string): void
  /** How many times metrics of the namespace were asked for. */
  asked(namespace: string): number
  /** Takes it all away again. */
  stop(): Promise<void>
}

const served = [
  { group: 'metrics.k8s.io', version: 'v1beta1' },
  { group: 'custom.metrics.k8s.io', version: 'v1beta2' },
  { group: 'external.metrics.k8s.io', version: 'v1beta1' },
]
const service = 'metrics-api'

/** Serves the APIs and registers them with the apiserver, by a Service of this namespace. */
export async function startMetricsApi(client: Client, namespace: string): Promise<MetricsApi> {
  const usages = new Map<string, Record<string, string>>()
  const values = new Map<string, string>()
  const counts = new Map<string, number>()

  /** The answer to a path; undefined where there is nothing. */
  const answer = async (path: string, query: URLSearchParams): Promise<object | undefined> => {
    const [, , group = '', version = '', , where = '', ...rest] = path.split('/').map(decodeURIComponent)
    const apiVersion = `${group}/${version}`
    if (!served.some((one) => one.group === group && one.version === version)) return undefined
    if (where === '') return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: apiVersion, resources: [] }
    counts.set(where, (counts.get(where) ?? 0) + 1)
    const list = (kind: string, items: object[]): object => ({ kind, apiVersion, metadata: {}, items })
    const timestamp = formatTime(realClock.now())
    const selected = async (): Promise<string[]> => {
      const labelSelector = query.get('labelSelector') ?? ''
      const { items } = await client.list(pods, { namespace: where, labelSelector })
      return items.map(({ metadata }) => metadata.name ?? '')
    }
    if (group === 'metrics.k8s.io') {
      const usage = usages.get(where)
      const containers = usage ? [{ name: 'c', usage }] : []
      const items = (await selected()).map((name) => ({
        metadata: { name, namespace: where },
        timestamp,
        window: '1s',
        containers,
      }))
      return list('PodMetricsList', items)
    }
    const metric = rest.at(-1) ?? ''
    const value = values.get(`${where}/${metric}`)
    if (value === undefined) return undefined
    if (group === 'external.metrics.k8s.io')
      return list('ExternalMetricValueList', [{ metricName: metric, metricLabels: {}, timestamp, value }])
    const names = rest[1] === '*' ? await selected() : [rest[1] ?? '']
    const items = names.map((name) => ({ describedObject: { name }, metric: { name: metric }, timestamp, value }))
    return list('MetricValueList', items)
  }

  const authority = await createCA('metrics-api-ca')
  const host = `${service}.${namespace}.svc`
  const certificate = await issueCertificate(authority, {
    commonName: host,
    dnsNames: [host],
    usages: ['server'],
    days: 1,
  })
  const server = createServer(certificate, (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'https://localhost')
    response.setHeader('content-type', 'application/json')
    answer(pathname, searchParams).then(
      (body) => response.writeHead(body ? 200 : 404).end(JSON.stringify(body ?? {})),
      () => response.writeHead(500).end(),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  await register(client, namespace, (server.address() as AddressInfo).port, authority.cert)
  return {
    use: (where, usage) => void usages.set(where, usage),
    set: (where, metric, value) => void values.set(`${where}/${metric}`, value),
    asked: (where) => counts.get(where) ?? 0,
    stop: async () => {
      const gone = (error: unknown): void => {
        if (!isNotFound(error)) throw error
      }
      const remove = (ref: ResourceRef, name: string): Promise<unknown> =>
        client.delete(ref, name, { namespace }).catch(gone)
      for (const { group, version } of served) await remove(apiServices, `${version}.${group}`)
      await remove(services, service)
      server.closeAllConnections()
      await once(server.close(), 'close')
    },
  }
}

async function register(client: Client, namespace: string, port: number, authority: string): Promise<void> {
  await client.create(services, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: service, namespace },
    // an apiserver reaches this without any proxy of Services
    spec: { type: 'ExternalName', externalName: 'localhost' },
  })
  for (const { group, version } of served)
    await client.create(apiServices, {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: `${version}.${group}` },
      spec: {
        group,
        version,
        service: { namespace, name: service, port },
        caBundle: Buffer.from(authority).toString('base64'),
        groupPriorityMinimum: 100,
        versionPriority: 100,
      },
    })
}
