import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { covers } from '../conformance/covers.ts'
import { connect, type Api, type ApiObject } from '../harness/api.ts'
import { makeNamespace, removeNamespace, type Namespace } from '../harness/namespace.ts'
import { busybox, type Pod } from '../harness/pods.ts'
import { until } from '../harness/until.ts'

const replicas = 10
const finalizers = ['e2e.example.com/finalizer']
const strategic = { 'content-type': 'application/strategic-merge-patch+json' }

/** What becomes of Pods when their ReplicationController goes, and in which order a namespace goes. */
describe.concurrent('garbage collection:', () => {
  let ns: Namespace
  let api: Api
  let count = 0
  const next = (): string => `gc${String(count++)}`
  beforeAll(async () => {
    ns = await makeNamespace('gc')
    api = await connect()
  })
  afterAll(() => removeNamespace(ns))

  const path = (name: string): string => `/api/v1/namespaces/${ns.name}/replicationcontrollers/${name}`
  /** Many Pods cost little that no node is good enough for. */
  const make = async (name: string, size: number, nodeSelector?: Record<string, string>): Promise<ApiObject> => {
    const container = { name: 'main', image: busybox, command: ['sleep', '1000'] }
    return api.call('POST', path(''), {
      metadata: { name },
      spec: {
        replicas: size,
        selector: { app: name },
        template: {
          metadata: { labels: { app: name } },
          spec: {
            terminationGracePeriodSeconds: 1,
            containers: [container],
            ...(nodeSelector ? { nodeSelector } : {}),
          },
        },
      },
    })
  }
  const nowhere = { 'e2e.example.com/nowhere': 'yes' }
  const pods = async (name: string): Promise<Pod[]> =>
    (await api.call<{ items: Pod[] }>('GET', `/api/v1/namespaces/${ns.name}/pods?labelSelector=app%3D${name}`)).items
  // test/e2e/apimachinery/garbage_collector.go waitForReplicas
  const created = (name: string): Promise<unknown> =>
    until(
      `the Pods of ${name}`,
      async () => {
        const { status } = await api.call<ApiObject & { status: { replicas: number } }>('GET', path(name))
        return status.replicas === replicas ? true : undefined
      },
      180_000,
    )
  const remove = async ({ metadata: { name, uid } }: ApiObject, propagationPolicy: string): Promise<void> => {
    await api.call('DELETE', path(name), { propagationPolicy, preconditions: { uid } })
  }
  const gone = (name: string): Promise<unknown> =>
    until(
      `${name} to be gone`,
      async () => ((await api.send('GET', path(name))).code === 404 ? true : undefined),
      180_000,
    )

  it(`Pods go with their controller in the background${covers('Garbage Collector, delete replication controller, propagation policy background')}`, async () => {
    const name = next()
    const rc = await make(name, 2)
    await until('the first Pod', async () => ((await pods(name)).length > 0 ? true : undefined))
    await remove(rc, 'Background')
    await gone(name)
    await until('all Pods to be gone', async () => ((await pods(name)).length === 0 ? true : undefined), 180_000)
  })

  it(`Pods stay as orphans${covers('Garbage Collector, delete replication controller, propagation policy orphan')}`, async () => {
    const name = next()
    const rc = await make(name, replicas, nowhere)
    await created(name)
    await remove(rc, 'Orphan')
    await gone(name)
    // Others come and go after it: what the collector has done by then, it would have done to these.
    const other = next()
    const last = await make(other, 1)
    await until('a Pod of another', async () => ((await pods(other)).length > 0 ? true : undefined))
    await remove(last, 'Background')
    await until('the other to be gone', async () => ((await pods(other)).length === 0 ? true : undefined), 180_000)
    const left = await pods(name)
    expect(left).toHaveLength(replicas)
    for (const { metadata } of left) {
      expect(metadata.deletionTimestamp).toBeUndefined()
      expect(metadata.ownerReferences).toBeUndefined()
    }
  })

  it(`the controller goes after its Pods in the foreground${covers('Garbage Collector, delete replication controller, after owned pods')}`, async () => {
    const name = next()
    const rc = await make(name, replicas, nowhere)
    await created(name)
    const held = (await pods(name))[0]?.metadata.name ?? ''
    const podPath = `/api/v1/namespaces/${ns.name}/pods/${held}`
    await api.call('PATCH', podPath, { metadata: { finalizers } })
    await remove(rc, 'Foreground')
    await until(
      'all Pods but one to be gone',
      async () => ((await pods(name)).map(({ metadata }) => metadata.name).join() === held ? true : undefined),
      180_000,
    )
    expect((await api.call('GET', path(name))).metadata.deletionTimestamp).toBeTruthy()
    await api.call('PATCH', podPath, { metadata: { finalizers: null } })
    await gone(name)
    expect(await pods(name)).toEqual([])
  })

  it(`Pods with another owner stay${covers('Garbage Collector, multiple owners')}`, async () => {
    const [going, staying] = [next(), next()]
    const [rc1, rc2] = [await make(going, replicas, nowhere), await make(staying, 0)]
    await created(going)
    const half = (await pods(going)).slice(0, replicas / 2).map(({ metadata }) => metadata.name)
    const owner = { apiVersion: 'v1', kind: 'ReplicationController', name: staying, uid: rc2.metadata.uid }
    for (const pod of half) {
      const change = { metadata: { ownerReferences: [owner] } }
      const { code } = await api.send('PATCH', `/api/v1/namespaces/${ns.name}/pods/${pod}`, change, strategic)
      expect(code).toBe(200)
    }
    await remove(rc1, 'Foreground')
    await gone(going)
    const left = await pods(going)
    expect(left.map(({ metadata }) => metadata.name).sort()).toEqual(half.sort())
    for (const { metadata } of left) {
      expect(metadata.deletionTimestamp).toBeUndefined()
      expect(metadata.ownerReferences?.map(({ name }) => name)).toEqual([staying])
    }
  })

  it(`a namespace loses its Pods first${covers('Ordered Namespace Deletion')}`, async () => {
    const { name } = await makeNamespace('ordered')
    const root = `/api/v1/namespaces/${name}`
    const container = { name: 'main', image: busybox, command: ['sleep', '1000'] }
    await api.call('POST', `${root}/pods`, {
      metadata: { name: 'pod', finalizers },
      spec: { terminationGracePeriodSeconds: 1, containers: [container] },
    })
    await api.call('POST', `${root}/configmaps`, { metadata: { name: 'map', finalizers } })
    await api.call('DELETE', root)
    interface Conditions extends ApiObject {
      readonly status: { readonly conditions?: { type: string; status: string; reason: string; message: string }[] }
    }
    const condition = (type: string, message: string): Promise<unknown> =>
      until(
        `${type}: ${message}`,
        async () => {
          const { status } = await api.call<Conditions>('GET', root)
          const found = status.conditions?.find((one) => one.type === type)
          if (found?.status === 'True' && found.message === message) return true
          throw new Error(JSON.stringify(found))
        },
        150_000,
      )
    await condition('NamespaceContentRemaining', 'Some resources are remaining: pods. has 1 resource instances')
    await condition(
      'NamespaceFinalizersRemaining',
      'Some content in the namespace has finalizers remaining: e2e.example.com/finalizer in 1 resource instances',
    )
    expect((await api.call('GET', `${root}/pods/pod`)).metadata.deletionTimestamp).toBeTruthy()
    expect((await api.call('GET', `${root}/configmaps/map`)).metadata.deletionTimestamp).toBeUndefined()
    await api.call('PATCH', `${root}/pods/pod`, { metadata: { finalizers: null } })
    const isGone = async (path: string): Promise<true | undefined> =>
      (await api.send('GET', path)).code === 404 ? true : undefined
    await until('the Pod to be gone', () => isGone(`${root}/pods/pod`), 180_000)
    await condition('NamespaceContentRemaining', 'Some resources are remaining: configmaps. has 1 resource instances')
    expect((await api.call('GET', `${root}/configmaps/map`)).metadata.deletionTimestamp).toBeTruthy()
    await api.call('PATCH', `${root}/configmaps/map`, { metadata: { finalizers: null } })
    await until('the namespace to be gone', () => isGone(root), 180_000)
  })
})
