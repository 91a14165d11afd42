import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { covers } from '../conformance/covers.ts'
import { connect, type Api, type ApiList, type ApiObject, type Watch } from '../harness/api.ts'
import { makeNamespace, nodes, removeNamespace, type Namespace } from '../harness/namespace.ts'
import { busybox, getPod, isReady, podUntil, shell, startPod, type Pod } from '../harness/pods.ts'
import { until } from '../harness/until.ts'

interface StatefulSet extends ApiObject {
  readonly spec: { readonly replicas: number; readonly serviceName: string }
  readonly status: {
    readonly observedGeneration?: number
    readonly replicas: number
    readonly readyReplicas?: number
    readonly currentReplicas?: number
    readonly updatedReplicas?: number
    readonly currentRevision: string
    readonly updateRevision: string
    readonly conditions?: readonly { readonly type: string; readonly reason?: string }[]
  }
}

// serves a page that its readiness probe asks for, until the page is moved away
const script = 'mkdir /www; echo here > /www/index.html; exec httpd -f -p 80 -h /www'
const merge = { 'content-type': 'application/merge-patch+json' }

describe.concurrent('a StatefulSet', () => {
  let ns: Namespace
  let api: Api
  let count = 0
  const next = (): string => `ss${String(count++)}`
  beforeAll(async () => {
    ns = await makeNamespace('statefulsets')
    api = await connect()
  })
  afterAll(() => removeNamespace(ns))

  const root = (): string => `/apis/apps/v1/namespaces/${ns.name}/statefulsets`
  const make = async (name: string, replicas: number, spec: object = {}): Promise<StatefulSet> => {
    await ns.create('services', {
      metadata: { name },
      spec: { clusterIP: 'None', selector: { set: name }, ports: [{ port: 80 }] },
    })
    return api.call('POST', root(), {
      metadata: { name, labels: { set: name } },
      spec: {
        replicas,
        serviceName: name,
        selector: { matchLabels: { set: name } },
        template: {
          metadata: { labels: { set: name } },
          spec: {
            terminationGracePeriodSeconds: 1,
            containers: [
              {
                name: 'web',
                image: busybox,
                command: ['sh', '-c', script],
                readinessProbe: { httpGet: { path: '/index.html', port: 80 }, periodSeconds: 1, timeoutSeconds: 5 },
              },
            ],
          },
        },
        ...spec,
      },
    })
  }
  const get = (name: string): Promise<StatefulSet> => api.call('GET', `${root()}/${name}`)
  const patch = (name: string, spec: object): Promise<StatefulSet> => api.call('PATCH', `${root()}/${name}`, { spec })
  /** A new template: its Pods have another label. */
  const change = (name: string, version: string, spec: object = {}): Promise<StatefulSet> =>
    patch(name, { ...spec, template: { metadata: { labels: { version } } } })
  const setUntil = (name: string, what: string, test: (set: StatefulSet) => boolean): Promise<StatefulSet> =>
    until(
      `StatefulSet ${name} ${what}`,
      async () => {
        const set = await get(name)
        return test(set) ? set : undefined
      },
      180_000,
    )
  const ready = (name: string, replicas: number): Promise<StatefulSet> =>
    setUntil(
      name,
      `to have ${String(replicas)} ready Pods`,
      ({ status }) => status.replicas === replicas && (status.readyReplicas ?? 0) === replicas,
    )
  const pods = async (name: string): Promise<Pod[]> =>
    (await ns.list<Pod>('pods', `set=${name}`)).toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
  const revisionsOf = async (name: string): Promise<(string | undefined)[]> =>
    (await pods(name)).map(({ metadata }) => metadata.labels?.['controller-revision-hash'])
  const scale = (name: string, replicas: number): Promise<unknown> => patch(name, { replicas })
  const breakPod = (pod: string): Promise<string> => ns.kubectl(['exec', pod, '--', 'mv', '/www/index.html', '/tmp/'])
  const mendPod = (pod: string): Promise<string> => ns.kubectl(['exec', pod, '--', 'mv', '/tmp/index.html', '/www/'])
  const unready = (pod: string): Promise<Pod> => podUntil(ns, pod, 'not to be ready', (one) => !isReady(one))
  const watchPods = (name: string): Watch =>
    api.watch(`/api/v1/namespaces/${ns.name}/pods?watch=1&labelSelector=set%3D${name}`)
  /** The numbers of Pods in the order of their first events of a type. */
  const order = ({ events }: Watch, type: string): string =>
    [
      ...new Set(events.filter((one) => one.type === type).map(({ object }) => object.metadata.name.split('-').at(-1))),
    ].join(' ')

  it(`scales one by one, and stops while a Pod is not well${covers('StatefulSet, Scaling')}`, async () => {
    const name = next()
    const watch = watchPods(name)
    try {
      await make(name, 1)
      await ready(name, 1)
      await breakPod(`${name}-0`)
      await unready(`${name}-0`)
      await scale(name, 3)
      await setUntil(
        name,
        'to see its new size',
        ({ status, metadata }) => status.observedGeneration === metadata.generation,
      )
      expect((await pods(name)).map(({ metadata }) => metadata.name)).toEqual([`${name}-0`])
      await mendPod(`${name}-0`)
      await ready(name, 3)
      await until('to be told of three Pods', async () => order(watch, 'ADDED').split(' ')[2])
      expect(order(watch, 'ADDED')).toBe('0 1 2')
      const all = [0, 1, 2].map((ordinal) => `${name}-${String(ordinal)}`)
      for (const pod of all) await breakPod(pod)
      for (const pod of all) await unready(pod)
      await scale(name, 0)
      await setUntil(
        name,
        'to see its new size',
        ({ status, metadata }) => status.observedGeneration === metadata.generation,
      )
      expect((await pods(name)).filter(({ metadata }) => !metadata.deletionTimestamp)).toHaveLength(3)
      // the last may be on its way already when all before it are well
      for (const pod of all) await ns.try(['exec', pod, '--', 'mv', '/tmp/index.html', '/www/'])
      await ready(name, 0)
      await until('the last Pod to be gone', async () => ((await pods(name)).length === 0 ? true : undefined))
      await until('to be told of the end of three', async () => order(watch, 'DELETED').split(' ')[2])
      expect(order(watch, 'DELETED')).toBe('2 1 0')
    } finally {
      watch.stop()
    }
  })

  it(`scales all at once in parallel, whatever is not well${covers('StatefulSet, Burst Scaling')}`, async () => {
    const name = next()
    await make(name, 1, { podManagementPolicy: 'Parallel' })
    await ready(name, 1)
    await breakPod(`${name}-0`)
    await unready(`${name}-0`)
    await scale(name, 3)
    await setUntil(name, 'to have three', ({ status }) => status.replicas === 3)
    await podUntil(ns, `${name}-2`, 'to be ready', isReady)
    expect(isReady(await getPod(ns, `${name}-0`))).toBe(false)
    await mendPod(`${name}-0`)
    await ready(name, 3)
    await breakPod(`${name}-0`)
    await unready(`${name}-0`)
    await scale(name, 0)
    await ready(name, 0)
  })

  it(`rolls out a new template from the top, and back${covers('StatefulSet, Rolling Update')}`, async () => {
    const name = next()
    await make(name, 3)
    const { status: before } = await ready(name, 3)
    expect(before.currentRevision).toBe(before.updateRevision)
    expect(await revisionsOf(name)).toEqual(Array(3).fill(before.currentRevision))
    const roll = async (version: string | null, broken: string): Promise<StatefulSet> => {
      const watch = watchPods(name)
      try {
        await breakPod(broken)
        await unready(broken)
        const changed = await patch(name, { template: { metadata: { labels: { version } } } })
        expect(changed.metadata.generation).toBeGreaterThan(1)
        await setUntil(
          name,
          'to see the new template',
          ({ status }) => status.updateRevision !== status.currentRevision,
        )
        await mendPod(broken)
        const done = await setUntil(
          name,
          'to have rolled',
          ({ status }) => status.updateRevision === status.currentRevision && status.readyReplicas === 3,
        )
        expect(order(watch, 'DELETED')).toBe('2 1 0')
        expect(await revisionsOf(name)).toEqual(Array(3).fill(done.status.currentRevision))
        return done
      } finally {
        watch.stop()
      }
    }
    const rolled = await roll('2', `${name}-1`)
    expect(rolled.status.currentRevision).not.toBe(before.currentRevision)
    const back = await roll(null, `${name}-1`)
    expect(back.status.currentRevision).toBe(before.currentRevision)
  })

  it(`rolls down to its partition, and makes lost Pods of what they were${covers('StatefulSet, Rolling Update with Partition')}`, async () => {
    const name = next()
    const partitioned = (partition: number): object => ({
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition } },
    })
    await make(name, 3, partitioned(3))
    const { status: first } = await ready(name, 3)
    const old = first.currentRevision
    await change(name, '2')
    const { status } = await setUntil(name, 'to know the new template', (set) => set.status.updateRevision !== old)
    const now = status.updateRevision
    expect(await revisionsOf(name)).toEqual([old, old, old])
    /** Waits until the Pods are ready and of these revisions. */
    const settled = (what: string, revisions: string[]): Promise<true> =>
      until(
        what,
        async () => {
          const all = await pods(name)
          const isSettled = all.length === 3 && all.every((pod) => isReady(pod) && !pod.metadata.deletionTimestamp)
          return isSettled && (await revisionsOf(name)).join() === revisions.join() ? true : undefined
        },
        180_000,
      )
    await patch(name, partitioned(2))
    await settled('the canary', [old, old, now])
    const uids = (await pods(name)).map(({ metadata }) => metadata.uid)
    await ns.kubectl(['delete', 'pod', `${name}-0`, `${name}-2`, '--wait=false'])
    await until(
      'other Pods',
      async () => {
        const again = (await pods(name)).map(({ metadata }) => metadata.uid)
        return again.length === 3 && again[0] !== uids[0] && again[2] !== uids[2] ? true : undefined
      },
      180_000,
    )
    await settled('the Pods as they were', [old, old, now])
    await patch(name, partitioned(1))
    await settled('the next phase', [old, now, now])
    await patch(name, partitioned(0))
    await settled('the end', [now, now, now])
    await setUntil(
      name,
      'to have rolled',
      (set) => set.status.currentRevision === now && set.status.updatedReplicas === 3,
    )
  })

  it('replaces a Pod that failed', async () => {
    const name = next()
    await make(name, 1)
    await ready(name, 1)
    const { uid } = (await getPod(ns, `${name}-0`)).metadata
    await api.call('PATCH', `/api/v1/namespaces/${ns.name}/pods/${name}-0/status`, { status: { phase: 'Failed' } })
    await until('another Pod of the name', async () => {
      const pod = await getPod(ns, `${name}-0`)
      return pod.metadata.uid !== uid && isReady(pod) ? true : undefined
    })
  })

  it(`makes a Pod again that its node refused${covers('StatefulSet, Recreate Failed Pod')}`, async () => {
    const name = next()
    const nodeName = (await nodes())[0]?.metadata.name ?? ''
    // a port of the machine that nobody else asks for
    const ports = [{ name: 'conflict', containerPort: 21_017, hostPort: 21_017 }]
    const container = { name: 'web', ...shell(script), ports }
    await startPod(ns, `${name}-first`, { nodeName, containers: [container] })
    await podUntil(ns, `${name}-first`, 'to run', ({ status }) => status.phase === 'Running')
    const watch = watchPods(name)
    try {
      const metadata = { labels: { set: name } }
      const spec = { nodeName, terminationGracePeriodSeconds: 1, containers: [container] }
      await make(name, 1, { template: { metadata, spec } })
      const refused = await until('a Pod to be made, refused and deleted', async () =>
        Promise.resolve(watch.events.find(({ type }) => type === 'DELETED')?.object),
      )
      expect(refused).toMatchObject({
        metadata: { name: `${name}-0` },
        status: { phase: 'Failed', reason: 'NodePorts' },
      })
      await ns.kubectl(['delete', 'pod', `${name}-first`, '--force', '--grace-period=0'])
      const pod = await podUntil(ns, `${name}-0`, 'to run', ({ status }) => status.phase === 'Running')
      expect(pod.metadata.uid).not.toBe(refused.metadata.uid)
    } finally {
      watch.stop()
    }
  })

  it(`has a scale${covers('StatefulSet resource Replica scaling')}`, async () => {
    const name = next()
    await make(name, 1)
    await ready(name, 1)
    const path = `${root()}/${name}/scale`
    const one = await api.call<ApiObject & { spec: { replicas: number } }>('GET', path)
    expect(one).toMatchObject({ spec: { replicas: 1 }, status: { replicas: 1, selector: `set=${name}` } })
    await api.call('PUT', path, { ...one, metadata: { name, namespace: ns.name }, spec: { replicas: 2 } })
    expect((await get(name)).spec.replicas).toBe(2)
    await api.call('PATCH', path, { spec: { replicas: 4 } })
    expect((await get(name)).spec.replicas).toBe(4)
  })

  it(`is listed by label, patched, and deleted${covers('StatefulSet, list, patch and delete a collection of StatefulSets')}`, async () => {
    const name = next()
    await make(name, 1)
    await ready(name, 1)
    const everywhere = `/apis/apps/v1/statefulsets?labelSelector=set%3D${name}`
    expect((await api.call<ApiList>('GET', everywhere)).items.map(({ metadata }) => metadata.name)).toEqual([name])
    const patched = await api.send<StatefulSet>(
      'PATCH',
      `${root()}/${name}`,
      {
        metadata: { labels: { test: 'patched' } },
        spec: { replicas: 2, template: { spec: { terminationGracePeriodSeconds: 0 } } },
      },
      { 'content-type': 'application/strategic-merge-patch+json' },
    )
    expect(patched.body).toMatchObject({ metadata: { labels: { test: 'patched' } }, spec: { replicas: 2 } })
    await setUntil(name, 'to be as patched', ({ status }) => status.readyReplicas === 2 && status.updatedReplicas === 2)
    await api.call('DELETE', `${root()}?labelSelector=set%3D${name}`)
    expect((await api.call<ApiList>('GET', everywhere)).items).toEqual([])
  })

  it(`has a status that can be read, updated and patched${covers('StatefulSet, status sub-resource')}`, async () => {
    const name = next()
    await make(name, 1)
    await ready(name, 1)
    const path = `${root()}/${name}/status`
    const condition = (type: string): object => ({ type, status: 'True', reason: 'E2E', message: 'Set by a test' })
    await until('the update of the status', async () => {
      const { body } = await api.send<StatefulSet>('GET', path)
      const status = { ...body.status, conditions: [condition('StatusUpdate')] }
      return (await api.send('PUT', path, { ...body, status })).code === 200 ? true : undefined
    })
    await setUntil(name, 'to say so', ({ status }) => status.conditions?.[0]?.type === 'StatusUpdate')
    expect((await api.send('PATCH', path, { status: { conditions: [condition('StatusPatched')] } }, merge)).code).toBe(
      200,
    )
    await setUntil(name, 'to say the other', ({ status }) => status.conditions?.[0]?.type === 'StatusPatched')
  })
})
