import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { covers } from '../conformance/covers.ts'
import { connect, type Api, type ApiList, type ApiObject } from '../harness/api.ts'
import { makeNamespace, removeNamespace, type Namespace } from '../harness/namespace.ts'
import { shell } from '../harness/pods.ts'
import { until } from '../harness/until.ts'

type Amounts = Record<string, string>

interface Quota extends ApiObject {
  readonly spec: { readonly hard: Amounts }
  readonly status?: { readonly hard?: Amounts; readonly used?: Amounts }
}

const dongle = 'example.com/dongle'
const gold = 'gold.storageclass.storage.k8s.io'

// test/e2e/apimachinery/resource_quota.go newTestResourceQuota
const hard: Amounts = {
  pods: '5',
  services: '10',
  'services.nodeports': '1',
  'services.loadbalancers': '1',
  replicationcontrollers: '10',
  resourcequotas: '1',
  configmaps: '10',
  secrets: '10',
  persistentvolumeclaims: '10',
  cpu: '1',
  memory: '500Mi',
  'ephemeral-storage': '50Gi',
  'requests.storage': '10Gi',
  [`${gold}/persistentvolumeclaims`]: '10',
  [`${gold}/requests.storage`]: '10Gi',
  [`requests.${dongle}`]: '3',
  'count/replicasets.apps': '5',
}

/** What a namespace may hold, counted as objects come and go. Each case has a namespace of its own, as its quota tells on all. */
describe.concurrent('a ResourceQuota', () => {
  const namespaces: Namespace[] = []
  let api: Api
  beforeAll(async () => {
    api = await connect()
  })
  afterAll(async () => {
    await Promise.all(namespaces.map(removeNamespace))
  })

  const own = async (): Promise<Namespace> => {
    const ns = await makeNamespace('quota')
    namespaces.push(ns)
    return ns
  }
  const at = (ns: Namespace, plural: string, api = '/api/v1'): string => `${api}/namespaces/${ns.name}/${plural}`
  const create = (ns: Namespace, name: string, spec: object): Promise<ApiObject> =>
    api.call('POST', at(ns, 'resourcequotas'), { metadata: { name }, spec })
  const read = (ns: Namespace, name: string): Promise<Quota> => api.call('GET', `${at(ns, 'resourcequotas')}/${name}`)
  const used = (ns: Namespace, name: string, wanted: Amounts): Promise<unknown> =>
    until(`${name} of ${ns.name} to show ${JSON.stringify(wanted)}`, async () => {
      const { spec, status } = await read(ns, name)
      for (const [resource, amount] of Object.entries(wanted)) {
        if (status?.used?.[resource] === amount) continue
        throw new Error(`${resource}: ${status?.used?.[resource] ?? 'nothing'}`)
      }
      expect(status?.hard).toEqual(spec.hard)
      return true
    })
  const refused = async (path: string, body: object, text: string): Promise<void> => {
    const answer = await api.send<{ message: string; reason: string }>('POST', path, body)
    expect(answer.body).toMatchObject({ code: 403, reason: 'Forbidden' })
    expect(answer.body.message).toContain(text)
  }
  const pod = (name: string, requests: Amounts = {}, limits: Amounts = {}, spec: object = {}): object => ({
    metadata: { name },
    spec: {
      terminationGracePeriodSeconds: 1,
      containers: [{ name: 'pause', ...shell('sleep 1000'), resources: { requests, limits } }],
      ...spec,
    },
  })
  const remove = (path: string): Promise<ApiObject> =>
    api.call('DELETE', path, { gracePeriodSeconds: 0, propagationPolicy: 'Background' })

  it(`counts itself${covers('ResourceQuota, object count quota, resourcequotas')}`, async () => {
    const ns = await own()
    await create(ns, 'test-quota', { hard })
    await used(ns, 'test-quota', { resourcequotas: '1' })
  })

  it(`counts Services by their type${covers('ResourceQuota, object count quota, service')}`, async () => {
    const ns = await own()
    await create(ns, 'test-quota', { hard })
    await used(ns, 'test-quota', { resourcequotas: '1' })
    const service = (name: string, type: string, more: object = {}): object => ({
      metadata: { name },
      spec: { type, ports: [{ port: 80, targetPort: 80 }], ...more },
    })
    const path = at(ns, 'services')
    await api.call('POST', path, service('test-service', 'ClusterIP'))
    await api.call('POST', path, service('test-service-np', 'NodePort'))
    await refused(
      path,
      service('test-service-lb', 'LoadBalancer', { allocateLoadBalancerNodePorts: true }),
      'exceeded quota: test-quota, requested: services.nodeports=1, used: services.nodeports=1, limited: services.nodeports=1',
    )
    await used(ns, 'test-quota', { resourcequotas: '1', services: '2', 'services.nodeports': '1' })
    await remove(`${path}/test-service`)
    await remove(`${path}/test-service-np`)
    await used(ns, 'test-quota', { services: '0', 'services.nodeports': '0' })
  })

  for (const [plural, entry, body] of [
    ['secrets', 'ResourceQuota, object count quota, secret', { data: { 'data-1': 'dmFsdWUtMQo=' } }],
    ['configmaps', 'ResourceQuota, object count quota, configmap', { data: { a: 'b' } }],
  ] as const)
    it(`counts ${plural}${covers(entry)}`, async () => {
      const ns = await own()
      const path = at(ns, plural)
      if (plural === 'configmaps')
        await until('the CA of the namespace', async () =>
          (await api.send('GET', `${path}/kube-root-ca.crt`)).code === 200 ? true : undefined,
        )
      const before = (await api.call<ApiList>('GET', path)).items.length
      await create(ns, 'test-quota', { hard: { ...hard, [plural]: String(before + 1) } })
      await used(ns, 'test-quota', { resourcequotas: '1', [plural]: String(before) })
      await api.call('POST', path, { metadata: { name: 'one' }, ...body })
      await used(ns, 'test-quota', { [plural]: String(before + 1) })
      await refused(path, { metadata: { name: 'two' }, ...body }, 'exceeded quota: test-quota')
      await remove(`${path}/one`)
      await used(ns, 'test-quota', { [plural]: String(before) })
    })

  const template = { metadata: { labels: { name: 'x' } }, spec: { containers: [{ name: 'c', image: 'kubets/web:1' }] } }
  for (const [plural, entry, counted, group, selector] of [
    [
      'replicationcontrollers',
      'ResourceQuota, object count quota, replicationController',
      'replicationcontrollers',
      '/api/v1',
      { name: 'x' },
    ],
    [
      'replicasets',
      'ResourceQuota, object count quota, replicaSet',
      'count/replicasets.apps',
      '/apis/apps/v1',
      { matchLabels: { name: 'x' } },
    ],
  ] as const)
    it(`counts ${plural}${covers(entry)}`, async () => {
      const ns = await own()
      await create(ns, 'test-quota', { hard })
      await used(ns, 'test-quota', { resourcequotas: '1', [counted]: '0' })
      const path = at(ns, plural, group)
      await api.call('POST', path, { metadata: { name: 'test' }, spec: { replicas: 0, selector, template } })
      await used(ns, 'test-quota', { [counted]: '1' })
      await remove(`${path}/test`)
      await used(ns, 'test-quota', { [counted]: '0' })
    })

  it(`counts Pods and what they ask for${covers('ResourceQuota, object count quota, pod')}`, async () => {
    const ns = await own()
    await create(ns, 'test-quota', { hard })
    await used(ns, 'test-quota', { resourcequotas: '1' })
    const path = at(ns, 'pods')
    const asked = { cpu: '500m', memory: '252Mi', 'ephemeral-storage': '30Gi', [dongle]: '2' }
    const made = await api.call('POST', path, pod('test-pod', asked, { [dongle]: '2' }))
    const counts = { pods: '1', cpu: '500m', memory: '252Mi', 'ephemeral-storage': '30Gi', [`requests.${dongle}`]: '2' }
    await used(ns, 'test-quota', { resourcequotas: '1', ...counts })
    await refused(
      path,
      pod('fail-pod', { cpu: '600m', memory: '100Mi' }),
      'exceeded quota: test-quota, requested: cpu=600m, used: cpu=500m, limited: cpu=1',
    )
    await refused(
      path,
      pod('fail-pod-for-extended-resource', { ...asked, memory: '100Mi' }, { [dongle]: '2' }),
      `requested: ephemeral-storage=30Gi,requests.${dongle}=2, used: ephemeral-storage=30Gi,requests.${dongle}=2`,
    )
    const less = pod('test-pod', { cpu: '100m', memory: '100Mi', 'ephemeral-storage': '10Gi' })
    const { code } = await api.send('PUT', `${path}/test-pod`, {
      ...less,
      metadata: { name: 'test-pod', uid: made.metadata.uid },
    })
    expect(code).toBe(422)
    await used(ns, 'test-quota', counts)
    await remove(`${path}/test-pod`)
    const none = Object.fromEntries(Object.keys(counts).map((name) => [name, '0']))
    await used(ns, 'test-quota', { resourcequotas: '1', ...none })
  })

  const asking = [
    { cpu: '500m', memory: '200Mi' },
    { cpu: '1', memory: '400Mi' },
  ] as const
  const limits = { 'requests.cpu': '1', 'requests.memory': '500Mi', 'limits.cpu': '2', 'limits.memory': '1Gi' }
  const usage = {
    pods: '1',
    'requests.cpu': '500m',
    'requests.memory': '200Mi',
    'limits.cpu': '1',
    'limits.memory': '400Mi',
  }
  for (const [scopes, entry, spec] of [
    [
      ['Terminating', 'NotTerminating'],
      'ResourceQuota, quota scope, Terminating and NotTerminating scope',
      [
        { requests: asking[0], limits: asking[1], rest: { activeDeadlineSeconds: 3600 }, counts: usage },
        { requests: asking[0], limits: asking[1], rest: {}, counts: usage },
      ],
    ],
    [
      ['BestEffort', 'NotBestEffort'],
      'ResourceQuota, quota scope, BestEffort and NotBestEffort scope',
      [
        { requests: {}, limits: {}, rest: {}, counts: { pods: '1' } },
        { requests: asking[0], limits: asking[1], rest: {}, counts: usage },
      ],
    ],
  ] as const)
    it(`counts what is in its scope ${scopes.join(' or ')} alone${covers(entry)}`, async () => {
      const ns = await own()
      for (const scope of scopes) {
        const limited = scope === 'BestEffort' ? { pods: '5' } : { pods: '5', ...limits }
        await create(ns, `quota-${scope.toLowerCase()}`, { hard: limited, scopes: [scope] })
        await used(ns, `quota-${scope.toLowerCase()}`, { pods: '0' })
      }
      const path = at(ns, 'pods')
      for (const [index, within] of scopes.entries()) {
        const one = spec[index]
        if (!one) throw new Error('a scope without a Pod')
        const [quota, other] = [within, scopes[1 - index] ?? ''].map((scope) => `quota-${scope.toLowerCase()}`)
        await api.call('POST', path, pod('test-pod', one.requests, one.limits, one.rest))
        await used(ns, quota ?? '', one.counts)
        await used(ns, other ?? '', { pods: '0' })
        await remove(`${path}/test-pod`)
        await used(ns, quota ?? '', Object.fromEntries(Object.keys(one.counts).map((name) => [name, '0'])))
        await until('the Pod to be gone', async () =>
          (await api.send('GET', `${path}/test-pod`)).code === 404 ? true : undefined,
        )
      }
    })

  it(`has a status that is its own${covers('ResourceQuota, apply changes to a ResourceQuota status')}`, async () => {
    const ns = await own()
    const root = at(ns, 'resourcequotas')
    const path = `${root}/status-quota`
    const { metadata } = await api.call<ApiList>('GET', root)
    const watch = api.watch(`${root}?watch=true&resourceVersion=${metadata.resourceVersion}`)
    const seen = (wanted: Amounts): Promise<unknown> =>
      until(`the event of ${JSON.stringify(wanted)}`, () => {
        const matches = ({ object }: { object: ApiObject }): boolean => {
          const limits = (object as Quota).status?.hard ?? {}
          return Object.entries(wanted).every(([name, amount]) => limits[name] === amount)
        }
        return Promise.resolve(watch.events.some(matches) || undefined)
      })
    try {
      const first = { cpu: '500m', memory: '500Mi' }
      expect(await create(ns, 'status-quota', { hard: first })).toMatchObject({ spec: { hard: first } })
      await until('the status to be written', async () => {
        const quota = await read(ns, 'status-quota')
        const { code } = await api.send('PUT', `${path}/status`, { ...quota, status: { hard: first } })
        return code === 200 ? true : undefined
      })
      await seen(first)
      const second = { cpu: '1', memory: '1Gi' }
      expect(await api.call('PATCH', path, { spec: { hard: second } })).toMatchObject({ spec: { hard: second } })
      await api.call('PATCH', `${path}/status`, { status: { hard: second } })
      await seen(second)
      expect(await api.call('GET', `${path}/status`)).toMatchObject({ status: { hard: second } })
      const third = { cpu: '2', memory: '2Gi' }
      expect(await api.call('PATCH', `${path}/status`, { status: { hard: third } })).toMatchObject({
        spec: { hard: second },
        status: { hard: third },
      })
      await seen(third)
      await used(ns, 'status-quota', { cpu: '0', memory: '0' })
      expect(await read(ns, 'status-quota')).toMatchObject({ spec: { hard: second }, status: { hard: second } })
    } finally {
      watch.stop()
    }
  })
})
