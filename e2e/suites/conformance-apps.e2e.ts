import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { covers } from '../conformance/covers.ts'
import { connect, type Api, type ApiList, type ApiObject } from '../harness/api.ts'
import { fetchText } from '../harness/http.ts'
import { makeNamespace, removeNamespace, type Namespace, type Resource } from '../harness/namespace.ts'
import { getPod, isReady, podUntil, shell, startPod, type Pod } from '../harness/pods.ts'
import { until } from '../harness/until.ts'

interface Workload {
  readonly metadata: {
    readonly name: string
    readonly uid: string
    readonly labels?: Record<string, string>
    readonly ownerReferences?: unknown[]
  }
  readonly spec: { readonly replicas: number }
  readonly status: {
    readonly replicas: number
    readonly readyReplicas?: number
    readonly availableReplicas?: number
    readonly updatedReplicas?: number
  }
}

/** Deployments, ReplicaSets, what is left when they go, and the endpoints of their Pods. */
describe.concurrent('workloads:', () => {
  let ns: Namespace
  let api: Api
  let count = 0
  const next = (): string => `w${String(count++)}`
  beforeAll(async () => {
    ns = await makeNamespace('apps')
    api = await connect()
  })
  afterAll(() => removeNamespace(ns))

  const workload = (kind: 'Deployment' | 'ReplicaSet', name: string, replicas: number, spec: object = {}): object => ({
    apiVersion: 'apps/v1',
    kind,
    metadata: { name, labels: { app: name } },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: {
          terminationGracePeriodSeconds: 1,
          containers: [{ name: 'main', image: 'kubets/web:1', ports: [{ containerPort: 8080 }] }],
        },
      },
      ...spec,
    },
  })
  const pods = async (name: string): Promise<Pod[]> =>
    (await ns.list<Pod>('pods', `app=${name}`)).filter((pod) => !pod.metadata.deletionTimestamp)
  const ready = (resource: Resource, name: string, replicas: number): Promise<Workload> =>
    until(
      `${String(replicas)} ready replicas of ${resource} ${name}`,
      async () => {
        const now = await ns.get<Workload>(resource, name)
        return (now.status.readyReplicas ?? 0) === replicas && now.status.replicas === replicas ? now : undefined
      },
      120_000,
    )
  const replicaSets = (name: string): Promise<Workload[]> => ns.list<Workload>('replicasets', `app=${name}`)

  for (const [kind, plural, entry] of [
    ['Deployment', 'deployments', 'Deployment, completes the scaling of a Deployment subresource'],
    ['ReplicaSet', 'replicasets', 'ReplicaSet, completes the scaling of a ReplicaSet subresource'],
  ] as const)
    it(`a ${kind} is scaled by its scale${covers(entry)}`, async () => {
      const name = next()
      const path = `/apis/apps/v1/namespaces/${ns.name}/${plural}/${name}`
      await ns.apply(workload(kind, name, 1))
      await ready(plural, name, 1)
      const scale = await api.call<{ metadata: object; spec: object }>('GET', `${path}/scale`)
      expect(scale).toMatchObject({ kind: 'Scale', spec: { replicas: 1 }, status: { replicas: 1 } })
      await until('the scale to be written', async () => {
        const now = await api.call('GET', `${path}/scale`)
        return (await api.send('PUT', `${path}/scale`, { ...now, spec: { replicas: 2 } })).code === 200
          ? true
          : undefined
      })
      expect(await api.call('GET', path)).toMatchObject({ spec: { replicas: 2 } })
      expect(await api.call('PATCH', `${path}/scale`, { spec: { replicas: 4 } })).toMatchObject({
        spec: { replicas: 4 },
      })
      expect(await api.call('GET', path)).toMatchObject({ spec: { replicas: 4 } })
    })

  it(`a Deployment lives: created, patched, scaled, updated, its status patched, deleted${covers('Deployment, completes the lifecycle of a Deployment')}`, async () => {
    const name = next()
    const root = `/apis/apps/v1/namespaces/${ns.name}/deployments`
    const selector = `labelSelector=static%3D${name}`
    interface Deployment extends ApiObject {
      readonly spec: { readonly template: { readonly spec: { readonly containers: { readonly image: string }[] } } }
      readonly status: { readonly readyReplicas?: number; readonly availableReplicas?: number }
    }
    const watch = api.watch(`${root}?watch=true&${selector}`)
    const seen = (
      what: string,
      test: (one: Deployment) => boolean,
      type = 'MODIFIED',
      since = 0,
    ): Promise<Deployment> =>
      until(`the watch to tell that ${name} ${what}`, async () => {
        const found = watch.events.slice(since).find((one) => one.type === type && test(one.object as Deployment))
        return found?.object as Deployment | undefined
      })
    const complete = (replicas: number, image: string): Promise<Deployment> =>
      seen(
        `runs ${image}`,
        ({ spec, status }) =>
          spec.template.spec.containers[0]?.image === image &&
          ['readyReplicas', 'updatedReplicas', 'replicas'].every(
            (field) => (status as Record<string, number>)[field] === replicas,
          ),
      )
    const strategic = { 'content-type': 'application/strategic-merge-patch+json' }
    const body = (replicas: number, image: string, labels: object): object => ({
      metadata: { name, labels: { static: name, ...labels } },
      spec: {
        replicas,
        selector: { matchLabels: { static: name } },
        template: {
          metadata: { labels: { static: name } },
          spec: { terminationGracePeriodSeconds: 1, containers: [{ name: 'main', image }] },
        },
      },
    })
    try {
      await api.call('POST', root, body(2, 'kubets/web:1', {}))
      await seen('is there', () => true, 'ADDED')
      await complete(2, 'kubets/web:1')
      const patch = {
        metadata: { labels: { step: 'patched' } },
        spec: {
          replicas: 1,
          template: {
            spec: { terminationGracePeriodSeconds: 2, containers: [{ name: 'main', image: 'kubets/pause:1' }] },
          },
        },
      }
      expect((await api.send('PATCH', `${root}/${name}`, patch, strategic)).code).toBe(200)
      const patched = await complete(1, 'kubets/pause:1')
      expect(patched).toMatchObject({
        metadata: { labels: { step: 'patched', static: name } },
        spec: { template: { spec: { terminationGracePeriodSeconds: 2 } } },
      })
      const { items } = await api.call<ApiList>('GET', `/apis/apps/v1/deployments?${selector}`)
      expect(items.map(({ metadata }) => metadata.name)).toEqual([name])
      await api.call('PUT', `${root}/${name}`, body(2, 'kubets/web:2', { step: 'updated' }))
      const updated = { metadata: { labels: { step: 'updated' } }, spec: { replicas: 2 } }
      expect(await api.call('GET', `${root}/${name}/status`)).toMatchObject(updated)
      await complete(2, 'kubets/web:2')
      const before = watch.events.length
      const status = { status: { readyReplicas: 0, availableReplicas: 0 } }
      expect((await api.send('PATCH', `${root}/${name}/status`, status, strategic)).code).toBe(200)
      await seen(
        'has the patched status',
        (one) => (one.status.readyReplicas ?? 0) === 0 && (one.status.availableReplicas ?? 0) === 0,
        'MODIFIED',
        before,
      )
      expect(await api.call('GET', `${root}/${name}/status`)).toMatchObject(updated)
      await ready('deployments', name, 2)
      await api.call('DELETE', `${root}?${selector}`, { gracePeriodSeconds: 1 })
      await seen('is gone', () => true, 'DELETED')
    } finally {
      watch.stop()
    }
  })

  it(`a Deployment of strategy Recreate never runs old and new together${covers('Deployment Recreate')}`, async () => {
    const name = next()
    await ns.apply(workload('Deployment', name, 1, { strategy: { type: 'Recreate' } }))
    await ready('deployments', name, 1)
    const list = `/api/v1/namespaces/${ns.name}/pods`
    const { metadata } = await api.call<{ metadata: { resourceVersion: string } }>('GET', list)
    const [old] = await pods(name)
    const watch = api.watch(
      `${list}?watch=true&resourceVersion=${metadata.resourceVersion}&labelSelector=app%3D${name}`,
    )
    try {
      await ns.kubectl(['set', 'image', `deployment/${name}`, 'main=kubets/web:2'])
      await ns.kubectl(['rollout', 'status', `deployment/${name}`, '--timeout=300s'], { timeoutMs: 310_000 })
      const told = (): string[] =>
        watch.events.map((one) => `${one.type} ${one.object.metadata.uid === old?.metadata.uid ? 'old' : 'new'}`)
      await until('to be told of the new Pod', async () => (told().includes('ADDED new') ? true : undefined))
      const ended = watch.events.findIndex((one) => {
        const phase = (one.object.status as { phase?: string } | undefined)?.phase
        return (
          one.object.metadata.uid === old?.metadata.uid &&
          (one.type === 'DELETED' || phase === 'Succeeded' || phase === 'Failed')
        )
      })
      expect(ended).toBeGreaterThanOrEqual(0)
      expect(told().indexOf('ADDED new')).toBeGreaterThan(ended)
    } finally {
      watch.stop()
    }
  })
  it(`a Deployment takes over a ReplicaSet and rolls its Pods${covers('Deployment RollingUpdate')}`, async () => {
    const name = next()
    const old = workload('ReplicaSet', name, 1) as { metadata: object }
    await ns.apply({ ...old, metadata: { ...old.metadata, name: `${name}-old` } })
    await ready('replicasets', `${name}-old`, 1)
    const deployment = workload('Deployment', name, 1) as {
      spec: { template: { spec: { containers: { image: string }[] } } }
    }
    const [container] = deployment.spec.template.spec.containers
    if (container) container.image = 'kubets/web:2'
    await ns.apply(deployment)
    await ns.kubectl(['rollout', 'status', `deployment/${name}`, '--timeout=300s'], { timeoutMs: 310_000 })
    await until('the new Pod alone', async () => {
      const images = (await pods(name)).map((pod) => pod.spec.containers[0]?.image)
      return JSON.stringify(images) === '["kubets/web:2"]' ? true : undefined
    })
    await until('the old ReplicaSet to be adopted and empty', async () => {
      const { spec, metadata } = await ns.get<Workload>('replicasets', `${name}-old`)
      return spec.replicas === 0 && metadata.ownerReferences?.length === 1 ? true : undefined
    })
  })
  it(`a Deployment keeps as much history as it should${covers('Deployment RevisionHistoryLimit')}`, async () => {
    const name = next()
    await ns.apply(workload('Deployment', name, 1, { revisionHistoryLimit: 0 }))
    await ready('deployments', name, 1)
    await ns.kubectl(['set', 'image', `deployment/${name}`, 'main=kubets/web:2'])
    await ns.kubectl(['rollout', 'status', `deployment/${name}`, '--timeout=300s'], { timeoutMs: 310_000 })
    await until('only the new ReplicaSet', async () => ((await replicaSets(name)).length === 1 ? true : undefined))
  })
  it(`a Deployment changes its mind during a rollout${covers('Deployment Rollover')}`, async () => {
    const name = next()
    await ns.apply(workload('Deployment', name, 2, { strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } } }))
    await ready('deployments', name, 2)
    await ns.kubectl(['set', 'image', `deployment/${name}`, 'main=127.0.0.1:1/no/such:image'])
    await until('the hopeless ReplicaSet', async () => ((await replicaSets(name)).length === 2 ? true : undefined))
    await ns.kubectl(['set', 'image', `deployment/${name}`, 'main=kubets/web:2'])
    await ns.kubectl(['rollout', 'status', `deployment/${name}`, '--timeout=300s'], { timeoutMs: 310_000 })
    await until('only the last ReplicaSet to have Pods', async () => {
      const replicas = (await replicaSets(name)).map((one) => one.status.replicas).toSorted()
      return JSON.stringify(replicas) === '[0,0,2]' ? true : undefined
    })
    expect((await pods(name)).map((pod) => pod.spec.containers[0]?.image)).toEqual(['kubets/web:2', 'kubets/web:2'])
  })
  it(`a Deployment in a rollout is scaled in proportion${covers('Deployment Proportional Scaling')}`, async () => {
    const name = next()
    await ns.apply(workload('Deployment', name, 6, { strategy: { rollingUpdate: { maxSurge: 2, maxUnavailable: 1 } } }))
    await ready('deployments', name, 6)
    await ns.kubectl(['set', 'image', `deployment/${name}`, 'main=127.0.0.1:1/no/such:image'])
    const replicas = async (): Promise<number[]> =>
      (await replicaSets(name)).map((one) => one.spec.replicas).toSorted((a, b) => a - b)
    const expectReplicas = (...wanted: number[]): Promise<true> =>
      until(`ReplicaSets of ${String(wanted)}`, async () =>
        (await replicas()).join() === wanted.join() ? true : undefined,
      )
    await expectReplicas(3, 5)
    await ns.kubectl(['scale', `deployment/${name}`, '--replicas=12'])
    // 14 with the surge: six more, shared out by size; the larger set takes its part first.
    await expectReplicas(5, 9)
    await ns.kubectl(['delete', 'deployment', name])
  })

  it(`a ReplicaSet is scaled and patched${covers('ReplicaSet, is created, Replaced and Patched')}`, async () => {
    const name = next()
    await ns.apply(workload('ReplicaSet', name, 1))
    await ready('replicasets', name, 1)
    await ns.kubectl(['scale', `replicaset/${name}`, '--replicas=2'])
    await ready('replicasets', name, 2)
    await ns.kubectl([
      'patch',
      'replicaset',
      name,
      '-p',
      '{"metadata":{"labels":{"test-rs":"patched"}},"spec":{"replicas":3}}',
    ])
    const patched = await ready('replicasets', name, 3)
    expect(patched.metadata.labels).toMatchObject({ 'test-rs': 'patched' })
  })
  it(`a ReplicaSet's Pods answer${covers('Replica Set, run basic image')}`, async () => {
    const name = next()
    await ns.apply(workload('ReplicaSet', name, 2))
    await ready('replicasets', name, 2)
    for (const pod of await pods(name))
      expect(await until('an answer', () => fetchText(`http://${pod.status.podIP}:8080/`))).toBe(
        `1 ${pod.metadata.name}\n`,
      )
  })
  it(`a ReplicaSet adopts what matches and lets go of what no longer does${covers('Replica Set, adopt matching pods and release non matching pods')}`, async () => {
    const name = next()
    await startPod(ns, name, { containers: [{ name: 'main', ...shell('sleep 1000') }] }, { labels: { app: name } })
    await podUntil(ns, name, 'to be ready', isReady)
    await ns.apply(workload('ReplicaSet', name, 1))
    const owner = { kind: 'ReplicaSet', name }
    await podUntil(ns, name, 'to be adopted', (pod) => pod.metadata.ownerReferences?.[0]?.name === name)
    expect(await getPod(ns, name)).toMatchObject({ metadata: { ownerReferences: [owner] } })
    await ns.kubectl(['label', 'pod', name, 'app=other', '--overwrite'])
    await podUntil(ns, name, 'to be released', (pod) => !pod.metadata.ownerReferences?.length)
  })

  for (const [cascade, entry, left] of [
    ['background', 'Garbage Collector, delete deployment,  propagation policy background', false],
    ['orphan', 'Garbage Collector, delete deployment, propagation policy orphan', true],
  ] as const)
    it(`a Deployment deleted by ${cascade} ${left ? 'leaves' : 'takes'} what it owns${covers(entry)}`, async () => {
      const name = next()
      await ns.apply(workload('Deployment', name, 2))
      await ready('deployments', name, 2)
      await ns.kubectl(['delete', 'deployment', name, `--cascade=${cascade}`])
      if (left) {
        await until('the ReplicaSet to be an orphan', async () =>
          (await replicaSets(name))[0]?.metadata.ownerReferences === undefined ? true : undefined,
        )
        expect(await replicaSets(name)).toHaveLength(1)
        expect(await pods(name)).toHaveLength(2)
      } else {
        await until('all to be gone', async () =>
          (await replicaSets(name)).length + (await pods(name)).length === 0 ? true : undefined,
        )
      }
    })
  it(`owners in a circle do not stop each other's deletion${covers('Garbage Collector, dependency cycle')}`, async () => {
    const name = next()
    const names = ['1', '2', '3'].map((n) => `${name}-${n}`)
    for (const one of names)
      await startPod(ns, one, { containers: [{ name: 'main', ...shell('sleep 1000') }] }, { labels: { app: name } })
    const all = await Promise.all(names.map((one) => getPod(ns, one)))
    for (const [index, one] of names.entries()) {
      const owner = all[(index + 2) % 3]?.metadata
      const ownerReferences = [
        {
          apiVersion: 'v1',
          kind: 'Pod',
          name: owner?.name,
          uid: owner?.uid,
          controller: true,
          blockOwnerDeletion: true,
        },
      ]
      await ns.kubectl(['patch', 'pod', one, '-p', JSON.stringify({ metadata: { ownerReferences } })])
    }
    await ns.kubectl(['delete', 'pod', `${name}-1`, '--cascade=foreground', '--wait=false'])
    await until('all three to be gone', async () =>
      (await ns.list('pods', `app=${name}`)).length === 0 ? true : undefined,
    )
  })

  const addresses = async (name: string): Promise<string[]> => {
    const { subsets } = await ns.get<{ subsets?: { addresses?: { ip: string }[]; ports: { port: number }[] }[] }>(
      'endpoints',
      name,
    )
    return (subsets ?? [])
      .flatMap((one) => (one.addresses ?? []).flatMap(({ ip }) => one.ports.map(({ port }) => `${ip}:${String(port)}`)))
      .toSorted()
  }
  interface Slice {
    endpoints: { addresses: string[]; conditions: { ready: boolean } }[] | null
    ports: { port: number }[] | null
  }
  const slices = (name: string): Promise<Slice[]> => ns.list('endpointslices', `kubernetes.io/service-name=${name}`)
  const none = async (name: string): Promise<boolean> =>
    (await slices(name)).length === 0 &&
    (await ns.list<{ metadata: { name: string } }>('endpoints')).every((one) => one.metadata.name !== name)
  const sliced = async (name: string): Promise<string[]> => {
    return (await slices(name))
      .flatMap((slice) =>
        (slice.endpoints ?? [])
          .filter((one) => one.conditions.ready)
          .flatMap((one) => (slice.ports ?? []).map(({ port }) => `${one.addresses[0] ?? ''}:${String(port)}`)),
      )
      .toSorted()
  }
  const expectEndpoints = (service: string, wanted: string[]): Promise<true> =>
    until(`the endpoints ${wanted.join()}`, async () =>
      (await addresses(service)).join() === wanted.toSorted().join() &&
      (await sliced(service)).join() === wanted.toSorted().join()
        ? true
        : undefined,
    )
  it(`a Service's endpoints come and go with its Pods${covers('Service, endpoints', 'Endpoints, creation/deletion', 'EndpointSlice, creation/deletion')}`, async () => {
    const name = next()
    await ns.apply({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name },
      spec: { selector: { app: name }, ports: [{ port: 80, targetPort: 8080 }] },
    })
    await expectEndpoints(name, [])
    const start = async (n: string): Promise<string> => {
      await startPod(
        ns,
        `${name}-${n}`,
        { containers: [{ name: 'main', image: 'kubets/web:1', ports: [{ containerPort: 8080 }] }] },
        { labels: { app: name } },
      )
      return `${(await podUntil(ns, `${name}-${n}`, 'to be ready', isReady)).status.podIP}:8080`
    }
    const one = await start('1')
    await expectEndpoints(name, [one])
    const two = await start('2')
    await expectEndpoints(name, [one, two])
    await ns.kubectl(['delete', 'pod', `${name}-1`])
    await expectEndpoints(name, [two])
    await ns.kubectl(['delete', 'pod', `${name}-2`])
    await expectEndpoints(name, [])
    await ns.kubectl(['delete', 'service', name])
    await until('its endpoints to go', async () => ((await none(name)) ? true : undefined))
  })
  it(`a Service without Pods has endpoints that are empty${covers('Endpoints, "empty" Service', 'EndpointSlice, "empty" Service')}`, async () => {
    const name = next()
    await ns.apply({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name },
      spec: { selector: { app: 'nobody' }, ports: [{ port: 80 }] },
    })
    await until('a slice', async () => ((await slices(name)).length === 0 ? undefined : true))
    await until('endpoints', () => addresses(name))
    expect(await addresses(name)).toEqual([])
    expect(await sliced(name)).toEqual([])
    await ns.kubectl(['delete', 'service', name])
    await until('both to go', async () => ((await none(name)) ? true : undefined))
  })
  it(`mirrors Endpoints that somebody wrote in slices${covers('EndpointSlice Mirroring')}`, async () => {
    const name = next()
    await ns.create('services', {
      metadata: { name },
      spec: { ports: [{ name: 'example', port: 80, protocol: 'TCP' }] },
    })
    const endpoints = `/api/v1/namespaces/${ns.name}/endpoints`
    const ports = [{ name: 'http', port: 80, protocol: 'TCP' }]
    const created = await api.call<object>('POST', endpoints, {
      metadata: { name },
      subsets: [{ ports, addresses: [{ ip: '10.1.2.3' }] }],
    })
    const mirrored = (wanted: string): Promise<true> =>
      until(`the mirror of ${wanted}`, async () => {
        const found = await slices(name)
        return found.length === 1 &&
          found[0]?.ports?.length === 1 &&
          found[0].ports[0]?.port === 80 &&
          JSON.stringify(found[0].endpoints?.map((one) => one.addresses)) === JSON.stringify([[wanted]])
          ? true
          : undefined
      })
    await mirrored('10.1.2.3')
    await api.call('PUT', `${endpoints}/${name}`, { ...created, subsets: [{ ports, addresses: [{ ip: '10.2.3.4' }] }] })
    await mirrored('10.2.3.4')
    await api.call('DELETE', `${endpoints}/${name}`)
    await until('the mirror to go', async () => ((await slices(name)).length === 0 ? true : undefined))
  })
})
