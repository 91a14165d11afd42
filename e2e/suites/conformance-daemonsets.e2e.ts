import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { covers } from '../conformance/covers.ts'
import { connect, type Api, type ApiList, type ApiObject } from '../harness/api.ts'
import { hollowTaint, startHollowNode } from '../harness/hollow-node.ts'
import { kubectl } from '../harness/kubectl.ts'
import { makeNamespace, nodes, removeNamespace, type Namespace } from '../harness/namespace.ts'
import { isReady, type Pod } from '../harness/pods.ts'
import { until } from '../harness/until.ts'

interface DaemonSet extends ApiObject {
  readonly spec: { readonly template: { readonly spec: { readonly containers: { readonly image: string }[] } } }
  readonly status: {
    readonly desiredNumberScheduled: number
    readonly numberAvailable?: number
    readonly updatedNumberScheduled?: number
    readonly conditions?: readonly { readonly type: string; readonly reason?: string }[]
  }
}

interface Revision extends ApiObject {
  readonly revision: number
  readonly data: Record<string, unknown>
}

const hash = 'controller-revision-hash'
const merge = { 'content-type': 'application/merge-patch+json' }

describe.concurrent('a DaemonSet', () => {
  let ns: Namespace
  let api: Api
  let everywhere: string[]
  let count = 0
  const next = (): string => `daemon${String(count++)}`
  beforeAll(async () => {
    ns = await makeNamespace('daemonsets')
    api = await connect()
    everywhere = (await nodes()).map(({ metadata }) => metadata.name).toSorted()
  })
  afterAll(() => removeNamespace(ns))

  const root = (): string => `/apis/apps/v1/namespaces/${ns.name}/daemonsets`
  const revisionsRoot = (): string => `/apis/apps/v1/namespaces/${ns.name}/controllerrevisions`
  const make = (name: string, podSpec: object = {}): Promise<DaemonSet> =>
    api.call('POST', root(), {
      metadata: { name, labels: { 'daemonset-name': name } },
      spec: {
        selector: { matchLabels: { 'daemonset-name': name } },
        template: {
          metadata: { labels: { 'daemonset-name': name } },
          spec: {
            terminationGracePeriodSeconds: 1,
            containers: [{ name: 'app', image: 'kubets/web:1', ports: [{ containerPort: 8080 }] }],
            ...podSpec,
          },
        },
      },
    })
  const get = (name: string): Promise<DaemonSet> => api.call('GET', `${root()}/${name}`)
  const setUntil = (name: string, what: string, test: (set: DaemonSet) => boolean): Promise<DaemonSet> =>
    until(`DaemonSet ${name} ${what}`, async () => {
      const set = await get(name)
      return test(set) ? set : undefined
    })
  const pods = async (name: string): Promise<Pod[]> =>
    (await ns.list<Pod>('pods', `daemonset-name=${name}`)).filter(({ metadata }) => !metadata.deletionTimestamp)
  const places = (found: readonly Pod[]): string[] => found.map(({ spec }) => spec.nodeName ?? '').toSorted()
  /** Waits for a ready Pod on each of the nodes and no other. */
  const runsOn = (name: string, wanted: readonly string[], image = 'kubets/web:1'): Promise<Pod[]> =>
    until(`ready Pods of ${name} on ${wanted.join()}`, async () => {
      const found = await pods(name)
      const isThere = places(found).join() === wanted.join()
      return isThere && found.every((pod) => isReady(pod) && pod.spec.containers[0]?.image === image)
        ? found
        : undefined
    })
  const revisionsOf = async (name: string): Promise<Revision[]> =>
    (await api.call<ApiList>('GET', `${revisionsRoot()}?labelSelector=daemonset-name%3D${name}`))
      .items as unknown as Revision[]

  it(`runs a Pod on every node, and brings one back that was deleted${covers('DaemonSet-Creation')}`, async () => {
    const name = next()
    await make(name)
    const [first] = await runsOn(name, everywhere)
    await ns.kubectl(['delete', 'pod', first?.metadata.name ?? '', '--wait=false'])
    await until('another Pod', async () => {
      const found = await runsOn(name, everywhere)
      return found.some(({ metadata }) => metadata.uid === first?.metadata.uid) ? undefined : true
    })
    await setUntil(name, 'to count them', ({ status }) => status.numberAvailable === everywhere.length)
  })

  it(`replaces a Pod that failed${covers('DaemonSet-FailedPodCreation')}`, async () => {
    const name = next()
    await make(name)
    const [first] = await runsOn(name, everywhere)
    const path = `/api/v1/namespaces/${ns.name}/pods/${first?.metadata.name ?? ''}/status`
    await api.call('PATCH', path, { status: { phase: 'Failed' } })
    await until('the failed Pod to go', async () =>
      (await ns.list<Pod>('pods', `daemonset-name=${name}`)).some(
        ({ metadata }) => metadata.uid === first?.metadata.uid,
      )
        ? undefined
        : true,
    )
    await runsOn(name, everywhere)
  })

  it(`follows the labels of nodes${covers('DaemonSet-NodeSelection')}`, async () => {
    const name = next()
    const label = `${ns.name}-color`
    const [node = ''] = everywhere
    const paint = (color: string): Promise<string> =>
      kubectl(['label', '--overwrite', 'node', node, `${label}=${color}`])
    try {
      await make(name, { nodeSelector: { [label]: 'blue' } })
      await setUntil(
        name,
        'to want no node',
        (set) => set.metadata.generation === 1 && set.status.desiredNumberScheduled === 0,
      )
      expect(await pods(name)).toEqual([])
      await paint('blue')
      await runsOn(name, [node])
      await paint('green')
      await runsOn(name, [])
      await api.call('PATCH', `${root()}/${name}`, {
        spec: { updateStrategy: { type: 'RollingUpdate' }, template: { spec: { nodeSelector: { [label]: 'green' } } } },
      })
      await runsOn(name, [node])
    } finally {
      await kubectl(['label', 'node', node, `${label}-`])
    }
  })

  it(`rolls out a new image, keeps both revisions, and goes back${covers('DaemonSet-RollingUpdate')}`, async () => {
    const name = next()
    await make(name)
    const [before] = await runsOn(name, everywhere)
    const [first] = await revisionsOf(name)
    expect(first).toMatchObject({ revision: 1, metadata: { labels: { [hash]: before?.metadata.labels?.[hash] } } })
    await ns.kubectl(['set', 'image', `daemonset/${name}`, 'app=kubets/web:2'])
    await ns.kubectl(['rollout', 'status', `daemonset/${name}`, '--timeout=300s'], { timeoutMs: 310_000 })
    const [after] = await runsOn(name, everywhere, 'kubets/web:2')
    const revisions = await revisionsOf(name)
    expect(revisions.map(({ revision }) => revision).toSorted()).toEqual([1, 2])
    const second = revisions.find(({ revision }) => revision === 2)
    expect(after?.metadata.labels?.[hash]).toBe(second?.metadata.labels?.[hash])
    expect(await ns.kubectl(['rollout', 'history', `daemonset/${name}`])).toMatch(/^1\s.*\n2\s/m)
    await ns.kubectl(['rollout', 'undo', `daemonset/${name}`])
    await runsOn(name, everywhere)
    expect((await revisionsOf(name)).map(({ revision }) => revision).toSorted()).toEqual([2, 3])
  })

  it(`goes back without touching the Pods that were not replaced yet${covers('DaemonSet-Rollback')}`, async () => {
    const name = next()
    const label = `e2e.kubets/${ns.name}-${name}`
    const nodeName = everywhere[0] ?? ''
    const nodePath = `/api/v1/nodes/${nodeName}`
    const second = await startHollowNode(api, `${ns.name}-second`, { [label]: 'on' })
    await api.call('PATCH', nodePath, { metadata: { labels: { [label]: 'on' } } })
    try {
      const tolerations = [{ ...hollowTaint, operator: 'Exists' }]
      await make(name, { nodeSelector: { [label]: 'on' }, tolerations })
      const places = [nodeName, second.name].toSorted()
      const image = (one: string): object => [
        { op: 'replace', path: '/spec/template/spec/containers/0/image', value: one },
      ]
      const patch = { 'content-type': 'application/json-patch+json' }
      await runsOn(name, places)
      // an old Pod that the controller does not know to be ready is replaced beside the one that may be
      await setUntil(name, 'to have both', ({ status }) => status.numberAvailable === 2)
      await api.send('PATCH', `${root()}/${name}`, image('127.0.0.1:1/no/such:image'), patch)
      const during = await until('the rollout to be under way', async () => {
        const found = await pods(name)
        return found.some(({ spec }) => spec.containers[0]?.image !== 'kubets/web:1') ? found : undefined
      })
      const kept = during.filter(({ spec }) => spec.containers[0]?.image === 'kubets/web:1')
      expect([kept.length, during.length - kept.length]).toEqual([1, 1])
      await api.send('PATCH', `${root()}/${name}`, image('kubets/web:1'), patch)
      const after = await runsOn(name, places)
      expect(after.map(({ metadata }) => metadata.uid)).toContain(kept[0]?.metadata.uid)
      const starts = after.map(({ status }) => status.containerStatuses?.[0]?.restartCount)
      expect(starts).toEqual([0, 0])
    } finally {
      await api.send('DELETE', `${root()}/${name}`)
      await api.send('PATCH', nodePath, { metadata: { labels: { [label]: null } } })
      await second.stop()
    }
  })

  it(`is listed by label and deleted with its Pods${covers('DaemonSet, list and delete a collection of DaemonSets')}`, async () => {
    const name = next()
    await make(name)
    await runsOn(name, everywhere)
    const selected = `${root()}?labelSelector=daemonset-name%3D${name}`
    expect((await api.call<ApiList>('GET', selected)).items).toHaveLength(1)
    await api.call('DELETE', selected)
    expect((await api.call<ApiList>('GET', selected)).items).toHaveLength(0)
    await until('its Pods to go', async () =>
      (await ns.list('pods', `daemonset-name=${name}`)).length === 0 ? true : undefined,
    )
  })

  it(`has a status that can be read, updated and patched${covers('DaemonSet, status sub-resource')}`, async () => {
    const name = next()
    await make(name)
    await runsOn(name, everywhere)
    const path = `${root()}/${name}/status`
    const condition = (type: string, reason: string): object => ({
      type,
      status: 'True',
      reason,
      message: 'Set by a test',
    })
    await until('the update of the status', async () => {
      const { body } = await api.send<DaemonSet>('GET', path)
      expect(body.status.desiredNumberScheduled).toBe(everywhere.length)
      const status = { ...body.status, conditions: [condition('StatusUpdate', 'E2E')] }
      return (await api.send('PUT', path, { ...body, status })).code === 200 ? true : undefined
    })
    await setUntil(name, 'to say so', ({ status }) => status.conditions?.[0]?.type === 'StatusUpdate')
    const watch = api.watch(`${root()}?watch=1&labelSelector=daemonset-name%3D${name}`)
    try {
      const patched = await api.send(
        'PATCH',
        path,
        { status: { conditions: [condition('StatusPatched', 'E2E')] } },
        merge,
      )
      expect(patched.code).toBe(200)
      await until('the patch to be told of', async () =>
        watch.events.some(({ object }) => (object as DaemonSet).status.conditions?.[0]?.type === 'StatusPatched')
          ? true
          : undefined,
      )
    } finally {
      watch.stop()
    }
  })

  it(`has revisions that live as long as they should${covers('ControllerRevision, resource lifecycle')}`, async () => {
    const name = next()
    const created = await make(name)
    await runsOn(name, everywhere)
    const [first] = await until('the first revision', async () => {
      const found = await revisionsOf(name)
      return found.length === 1 ? found : undefined
    })
    const firstName = first?.metadata.name ?? ''
    expect(first).toMatchObject({ revision: 1, metadata: { ownerReferences: [{ kind: 'DaemonSet', name }] } })
    await api.call('PATCH', `${revisionsRoot()}/${firstName}`, { metadata: { labels: { [firstName]: 'patched' } } })
    const selected = (label: string): string => `${revisionsRoot()}?labelSelector=${encodeURIComponent(label)}`
    expect((await api.call<ApiList>('GET', selected(`${firstName}=patched`))).items).toHaveLength(1)

    const own = (revision: number, suffix: string): object => ({
      metadata: {
        name: `${firstName}-${suffix}`,
        labels: first?.metadata.labels,
        ownerReferences: [
          {
            apiVersion: 'apps/v1',
            kind: 'DaemonSet',
            name,
            uid: created.metadata.uid,
            controller: true,
            blockOwnerDeletion: true,
          },
        ],
      },
      // of two with one template the controller keeps one
      data: { spec: { template: { spec: { terminationGracePeriodSeconds: 9 } } } },
      revision,
    })
    const second = await api.call<Revision>('POST', revisionsRoot(), own(0, 'second'))
    await until('both', async () => ((await revisionsOf(name)).length === 2 ? true : undefined))
    await api.call('DELETE', `${revisionsRoot()}/${second.metadata.name}`)
    await until('one', async () => ((await revisionsOf(name)).length === 1 ? true : undefined))

    const updated = await api.call<Revision>('GET', `${revisionsRoot()}/${firstName}`)
    const labels = { ...updated.metadata.labels, [firstName]: 'updated' }
    await api.call('PUT', `${revisionsRoot()}/${firstName}`, { ...updated, metadata: { ...updated.metadata, labels } })
    expect((await api.call<ApiList>('GET', selected(`${firstName}=updated`))).items).toHaveLength(1)

    await api.call('PATCH', `${root()}/${name}`, { spec: { template: { spec: { terminationGracePeriodSeconds: 2 } } } })
    await until('the revision of the new template', async () =>
      (await revisionsOf(name)).length === 2 ? true : undefined,
    )
    await api.call('DELETE', selected(`${firstName}=updated`))
    const [left] = await until('the newer one alone', async () => {
      const found = await revisionsOf(name)
      return found.length === 1 ? found : undefined
    })
    expect(left?.revision).toBe(2)
    const everyone = await api.call<ApiList>('GET', '/apis/apps/v1/controllerrevisions')
    expect(everyone.items.some(({ metadata }) => metadata.uid === left?.metadata.uid)).toBe(true)
  })
})
