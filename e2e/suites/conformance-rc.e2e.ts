import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { covers } from '../conformance/covers.ts'
import { connect, type Api, type ApiList, type ApiObject } from '../harness/api.ts'
import { fetchText } from '../harness/http.ts'
import { makeNamespace, removeNamespace, type Namespace } from '../harness/namespace.ts'
import { getPod, isReady, podUntil, startPod, type Pod } from '../harness/pods.ts'
import { until } from '../harness/until.ts'

interface Rc extends ApiObject {
  readonly spec: { readonly replicas: number }
  readonly status: {
    readonly replicas: number
    readonly readyReplicas?: number
    readonly observedGeneration?: number
    readonly conditions?: readonly { readonly type: string; readonly reason: string; readonly message: string }[]
  }
}

const web = { name: 'web', image: 'kubets/web:1', ports: [{ containerPort: 8080 }] }

describe.concurrent('a ReplicationController', () => {
  let ns: Namespace
  let api: Api
  let count = 0
  const next = (): string => `rc${String(count++)}`
  beforeAll(async () => {
    ns = await makeNamespace('rc')
    api = await connect()
  })
  afterAll(() => removeNamespace(ns))

  const root = (namespace = ns): string => `/api/v1/namespaces/${namespace.name}/replicationcontrollers`
  const make = (name: string, replicas: number, namespace = ns, labels: object = {}): Promise<Rc> =>
    api.call('POST', root(namespace), {
      metadata: { name, labels },
      spec: {
        replicas,
        selector: { name },
        template: { metadata: { labels: { name } }, spec: { terminationGracePeriodSeconds: 1, containers: [web] } },
      },
    })
  const rcUntil = (name: string, what: string, test: (rc: Rc) => boolean, namespace = ns): Promise<Rc> =>
    until(
      `ReplicationController ${name} ${what}`,
      async () => {
        const rc = await api.call<Rc>('GET', `${root(namespace)}/${name}`)
        return test(rc) ? rc : undefined
      },
      120_000,
    )
  const pods = async (name: string): Promise<Pod[]> => await ns.list<Pod>('pods', `name=${name}`)
  const ownerOf = (pod: Pod): string | undefined => pod.metadata.ownerReferences?.[0]?.name

  it(`runs Pods that answer${covers('Replication Controller, run basic image')}`, async () => {
    const name = next()
    await make(name, 1)
    await rcUntil(name, 'to be ready', ({ status }) => status.readyReplicas === 1)
    const [pod] = await pods(name)
    expect(pod?.status.phase).toBe('Running')
    // without a probe the Pod is ready before its server listens
    const answer = await until('the Pod to answer', () => fetchText(`http://${pod?.status.podIP ?? ''}:8080/`))
    expect(answer).toContain(pod?.metadata.name)
  })

  it(`says that a quota keeps it from having its Pods${covers('Replication Controller, check for issues like exceeding allocated quota')}`, async () => {
    const own = await makeNamespace('rc-quota')
    try {
      const quotas = `/api/v1/namespaces/${own.name}/resourcequotas`
      await api.call('POST', quotas, { metadata: { name: 'condition-test' }, spec: { hard: { pods: '2' } } })
      await until('the quota to be counted', async () => {
        const { status } = (await api.call('GET', `${quotas}/condition-test`)) as {
          status?: { hard?: { pods?: string } }
        }
        return status?.hard?.pods === '2' ? true : undefined
      })
      const made = await make('condition-test', 3, own)
      const failure = ({ status }: Rc) => status.conditions?.find(({ type }) => type === 'ReplicaFailure')
      const observed = ({ status }: Rc, since: Rc): boolean =>
        (status.observedGeneration ?? 0) >= (since.metadata.generation ?? 0)
      const failing = await rcUntil(
        'condition-test',
        'to fail',
        (rc) => observed(rc, made) && failure(rc) !== undefined,
        own,
      )
      expect(failure(failing)).toMatchObject({ reason: 'FailedCreate' })
      expect(failure(failing)?.message).toContain(
        'is forbidden: exceeded quota: condition-test, requested: pods=1, used: pods=2, limited: pods=2',
      )
      const scaled = await api.call<Rc>('PATCH', `${root(own)}/condition-test`, { spec: { replicas: 2 } })
      await rcUntil('condition-test', 'to be well', (rc) => observed(rc, scaled) && failure(rc) === undefined, own)
    } finally {
      await removeNamespace(own)
    }
  })

  it(`takes over a Pod that it selects${covers('Replication Controller, adopt matching pods')}`, async () => {
    const name = next()
    await startPod(ns, name, { containers: [web] }, { labels: { name } })
    await podUntil(ns, name, 'to be ready', isReady)
    await make(name, 1)
    await podUntil(ns, name, 'to be owned', (pod) => ownerOf(pod) === name)
    expect(await pods(name)).toHaveLength(1)
  })

  it(`lets go of a Pod that it no longer selects${covers('Replication Controller, release pods')}`, async () => {
    const name = next()
    await make(name, 1)
    await rcUntil(name, 'to have its Pod', ({ status }) => status.replicas === 1)
    const [pod] = await pods(name)
    const podName = pod?.metadata.name ?? ''
    await ns.kubectl(['label', 'pod', podName, 'name=not-matching-name', '--overwrite'])
    await podUntil(ns, podName, 'to be nobody’s', (one) => ownerOf(one) === undefined)
    await until('another in its place', async () =>
      (await pods(name)).some((one) => one.metadata.name !== podName) ? true : undefined,
    )
    expect((await getPod(ns, podName)).metadata.deletionTimestamp).toBeUndefined()
  })

  it(`is scaled by its scale${covers('Replication Controller, get and update ReplicationController scale')}`, async () => {
    const name = next()
    await make(name, 1)
    await rcUntil(name, 'to have one Pod', ({ status }) => status.replicas === 1)
    const scale = await api.call<ApiObject>('GET', `${root()}/${name}/scale`)
    expect(scale).toMatchObject({ kind: 'Scale', spec: { replicas: 1 }, status: { replicas: 1 } })
    const { resourceVersion: _, ...metadata } = scale.metadata
    await api.call('PUT', `${root()}/${name}/scale`, { ...scale, metadata, spec: { replicas: 2 } })
    await rcUntil(name, 'to have two Pods', ({ status }) => status.replicas === 2)
  })

  it(`lives and is patched${covers('Replication Controller, lifecycle')}`, async () => {
    const name = next()
    const run = `test-rc-static=${ns.name}`
    const path = `${root()}/${name}`
    const { metadata } = await api.call<ApiList>('GET', `${root()}?labelSelector=${encodeURIComponent(run)}`)
    const watch = api.watch(
      `${root()}?watch=true&labelSelector=${encodeURIComponent(run)}&resourceVersion=${metadata.resourceVersion}`,
    )
    const event = (what: string, type: string, test: (rc: Rc) => boolean): Promise<unknown> =>
      until(
        `the event of ${what}`,
        () => Promise.resolve(watch.events.some((one) => one.type === type && test(one.object as Rc)) || undefined),
        120_000,
      )
    try {
      await make(name, 1, ns, { 'test-rc-static': ns.name })
      await event('its coming', 'ADDED', (rc) => rc.metadata.name === name)
      await event(
        'its Pod being ready',
        'MODIFIED',
        ({ status }) => status.replicas === 1 && status.readyReplicas === 1,
      )
      const patched = await api.call('PATCH', path, { metadata: { labels: { 'test-rc': 'patched' } } })
      expect(patched.metadata.labels?.['test-rc']).toBe('patched')
      await event('the label', 'MODIFIED', (rc) => rc.metadata.labels?.['test-rc'] === 'patched')
      const status = { readyReplicas: 0, availableReplicas: 0 }
      const reset = await api.call<Rc>('PATCH', `${path}/status`, { status })
      expect(reset.status.readyReplicas ?? 0).toBe(0)
      await event('the status', 'MODIFIED', (rc) => rc.metadata.resourceVersion === reset.metadata.resourceVersion)
      await rcUntil(name, 'to count again', (rc) => rc.status.readyReplicas === 1)
      expect(await api.call('GET', `${path}/status`)).toMatchObject({ status: { replicas: 1 } })
      await api.call('PATCH', `${path}/scale`, { spec: { replicas: 2 } })
      await event('two Pods', 'MODIFIED', (rc) => rc.status.replicas === 2 && rc.status.readyReplicas === 2)
      const rc = await api.call<Rc>('GET', path)
      expect(rc.metadata.labels?.['test-rc']).toBe('patched')
      const replaced = await until('the status to be replaced', async () => {
        const now = await api.call<Rc>('GET', path)
        const answer = await api.send<Rc>('PUT', `${path}/status`, {
          ...now,
          status: { ...now.status, availableReplicas: 1, readyReplicas: 1 },
        })
        return answer.code === 200 ? answer.body : undefined
      })
      await event('that', 'MODIFIED', (one) => one.metadata.resourceVersion === replaced.metadata.resourceVersion)
      const all = await api.call<ApiList>(
        'GET',
        `/api/v1/replicationcontrollers?labelSelector=${encodeURIComponent(run)}`,
      )
      expect(all.items.map((one) => one.metadata.name)).toEqual([name])
      await api.call('DELETE', `${root()}?labelSelector=${encodeURIComponent(run)}`)
      await event('its going', 'DELETED', (one) => one.metadata.name === name)
    } finally {
      watch.stop()
    }
  })
})
