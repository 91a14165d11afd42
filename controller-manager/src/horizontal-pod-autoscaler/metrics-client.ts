import type { Client } from '@kubets/shared/client/client.ts'
import { errorFromResponse } from '@kubets/shared/client/response-errors.ts'
import type { CrossVersionObjectReference, MetricSpec } from '@kubets/shared/api/types/autoscaling-v2.ts'
import { quote } from '@kubets/shared/machinery/quote.ts'
import { labelSelectorFromObject } from '@kubets/shared/machinery/selector.ts'
import type { ApiGroupList } from '../discovery/resources.ts'
import type { ServedKinds } from '../discovery/served.ts'
import { messageOf } from '../failure.ts'
import type { Reading } from './evaluate.ts'
import { groupOf } from './target.ts'
import { thousandths, usageOfPods, valuesOfPods } from './readings.ts'
import type { ExternalMetricValue, MetricValue, PodUsage } from './readings.ts'

const customGroup = 'custom.metrics.k8s.io'
// metrics/pkg/client/custom_metrics/versioned_client.go MetricVersions
const customVersions = [`${customGroup}/v1beta2`, `${customGroup}/v1beta1`]

type Query = Record<string, string>

/** Reads what the metrics APIs tell of an autoscaler's target. */
// pkg/controller/podautoscaler/metrics/client.go restMetricsClient
export class MetricsClient {
  readonly #client: Client
  readonly #kinds: ServedKinds

  constructor(client: Client, kinds: ServedKinds) {
    this.#client = client
    this.#kinds = kinds
  }

  /** What the metric is now, for the Pods of the selector. Rejects only when the signal aborts. */
  async read(spec: MetricSpec, namespace: string, selector: string, signal: AbortSignal): Promise<Reading> {
    try {
      const { resource, containerResource, pods, object, external } = spec
      if (spec.type === 'Resource' && resource)
        return await this.#usage(resource.name, undefined, namespace, selector, signal)
      if (spec.type === 'ContainerResource' && containerResource)
        return await this.#usage(containerResource.name, containerResource.container, namespace, selector, signal)
      if (spec.type === 'Pods' && pods) return await this.#ofPods(pods, namespace, selector, signal)
      if (spec.type === 'Object' && object) return await this.#ofObject(object, namespace, signal)
      if (spec.type === 'External' && external) return await this.#external(external, namespace, signal)
      return { values: [] }
    } catch (error) {
      signal.throwIfAborted()
      return { error: messageOf(error) }
    }
  }

  async #usage(
    resource: string,
    container: string | undefined,
    namespace: string,
    selector: string,
    signal: AbortSignal,
  ): Promise<Reading> {
    const path = `/apis/metrics.k8s.io/v1beta1/namespaces/${namespace}/pods`
    const list = this.#items<PodUsage>(path, { labelSelector: selector }, 'pods.metrics.k8s.io', signal)
    const items = await from('resource', list)
    return { pods: usageOfPods(items, resource, container) }
  }

  async #ofPods(
    { metric }: NonNullable<MetricSpec['pods']>,
    namespace: string,
    selector: string,
    signal: AbortSignal,
  ): Promise<Reading> {
    const query = { labelSelector: selector, ...metricQuery(metric) }
    const list = this.#custom(`namespaces/${namespace}/pods/*/${segment(metric.name)}`, query, 'pods', '*', signal)
    return { pods: valuesOfPods(await from('custom', list)) }
  }

  // metrics/pkg/client/custom_metrics/versioned_client.go GetForObject, getForNamespace
  async #ofObject(
    { metric, describedObject }: NonNullable<MetricSpec['object']>,
    namespace: string,
    signal: AbortSignal,
  ): Promise<Reading> {
    const list = async (): Promise<MetricValue[]> => {
      const { kind, name } = describedObject
      const isNamespace = kind === 'Namespace' && groupOf(describedObject.apiVersion) === ''
      const resource = isNamespace ? 'metrics' : this.#resource(describedObject)
      const path = isNamespace
        ? `namespaces/${namespace}/metrics/${segment(metric.name)}`
        : `namespaces/${namespace}/${segment(resource)}/${segment(name)}/${segment(metric.name)}`
      const about = isNamespace ? metric.name : name
      const items = await this.#custom(path, metricQuery(metric), resource, about, signal)
      if (items.length === 1) return items
      throw new Error(`the custom metrics API server returned ${items.length} results when we asked for exactly one`)
    }
    return { values: (await from('custom', list())).map(thousandths) }
  }

  /** "deployments.apps" */
  #resource({ apiVersion, kind }: CrossVersionObjectReference): string {
    const group = groupOf(apiVersion)
    const [ref] = this.#kinds.ofGroup(group, kind)
    if (ref) return group === '' ? ref.plural : `${ref.plural}.${group}`
    const name = group === '' ? kind : `${kind}.${group}`
    throw new Error(
      `unable to map kind ${name} to resource: no matches for kind ${quote(kind)} in group ${quote(group)}`,
    )
  }

  async #custom(
    path: string,
    query: Query,
    resource: string,
    name: string,
    signal: AbortSignal,
  ): Promise<MetricValue[]> {
    const version = await this.#customVersion(signal)
    return this.#items<MetricValue>(`/apis/${version}/${path}`, query, `${resource}.${customGroup} ${name}`, signal)
  }

  // metrics/pkg/client/custom_metrics/discovery.go chooseVersion
  async #customVersion(signal: AbortSignal): Promise<string> {
    const { groups = [] } = (await this.#get('/apis', {}, 'groups', signal)) as ApiGroupList
    const group = groups.find(({ name }) => name === customGroup)
    if (group === undefined) throw new Error(`no custom metrics API (${customGroup}) registered`)
    const served = [group.preferredVersion, ...(group.versions ?? [])].map((one) => `${customGroup}/${one?.version}`)
    const version = served.find((one) => customVersions.includes(one))
    if (version === undefined) throw new Error('no known available metric versions found')
    return version
  }

  async #external(
    { metric }: NonNullable<MetricSpec['external']>,
    namespace: string,
    signal: AbortSignal,
  ): Promise<Reading> {
    const path = `/apis/external.metrics.k8s.io/v1beta1/namespaces/${namespace}/${segment(metric.name)}`
    const query = { labelSelector: labelSelectorFromObject(metric.selector).toString() }
    const list = this.#items<ExternalMetricValue>(path, query, `${metric.name}.external.metrics.k8s.io`, signal)
    return { values: (await from('external', list)).map(thousandths) }
  }

  async #items<T>(path: string, query: Query, about: string, signal: AbortSignal): Promise<T[]> {
    const { items } = (await this.#get(path, query, about, signal)) as { items?: T[] | null }
    return items ?? []
  }

  async #get(path: string, query: Query, about: string, signal: AbortSignal): Promise<object> {
    const parameters = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== ''))
    const url = parameters.size > 0 ? `${path}?${parameters}` : path
    const answer = await this.#client.raw('GET', url, { headers: { accept: 'application/json' }, signal })
    const body = answer.body.toString('utf8')
    if (answer.status !== 200) throw errorFromResponse({ method: 'GET', code: answer.status, body, about })
    const value: unknown = JSON.parse(body)
    if (typeof value !== 'object' || value === null) throw new Error('the metrics API answered with no object')
    return value
  }
}

const segment = encodeURIComponent

const metricQuery = ({ selector }: { selector?: Parameters<typeof labelSelectorFromObject>[0] }): Query => ({
  metricLabelSelector: labelSelectorFromObject(selector).toString(),
})

/** What an API listed, which may not be nothing; errors tell which API it was. */
const from = async <T>(api: 'resource' | 'custom' | 'external', list: Promise<T[]>): Promise<T[]> => {
  let items: T[]
  try {
    items = await list
  } catch (error) {
    throw new Error(`unable to fetch metrics from ${api} metrics API: ${messageOf(error)}`, { cause: error })
  }
  if (items.length === 0) throw new Error(`no metrics returned from ${api} metrics API`)
  return items
}
