import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import { startEtcd } from '@kubets/shared/testing/etcd.ts'
import { waitFor } from '@kubets/shared/testing/wait.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { map, maps, openRegistry, openTwoRegistries, scope, startRegistry } from './component-harness.ts'
import type { Registry, Watch } from './types.ts'

let registry: Registry
let second: Registry
let stop: () => Promise<void>

beforeAll(async () => {
  ;({ registry, second, stop } = await openTwoRegistries())
})
afterAll(() => stop())

function pod(name: string, more: object = {}): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, ...more },
    spec: { containers: [{ name: 'main', image: 'busybox' }] },
  } as KubeObject
}

async function take(watch: Watch, count: number): Promise<string[]> {
  const seen: string[] = []
  for await (const batch of watch) {
    for (const { type, encoded } of batch) seen.push(`${type} ${encoded.object.metadata.name ?? '-'}`)
    if (seen.length >= count) break
  }
  return seen
}

describe('objects', () => {
  it('are created once, with what the server decides', async () => {
    const { object } = await registry.create(maps('crud'), map('a', { uid: 'mine', creationTimestamp: 'then' }))
    expect(object.metadata).toMatchObject({ name: 'a', namespace: 'crud' })
    expect(object.metadata.uid).toMatch(/^[0-9a-f-]{36}$/)
    expect(object.metadata.creationTimestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    await expect(second.create(maps('crud'), map('a'))).rejects.toMatchObject({
      code: 409,
      message: 'configmaps "a" already exists',
    })
    await expect(registry.create(maps('crud'), map('b', { namespace: 'other' }))).rejects.toMatchObject({ code: 400 })
    await expect(registry.create(maps('crud'), map('B_'))).rejects.toMatchObject({ code: 422 })
    expect((await second.get(maps('crud'), 'a')).object).toEqual(object)
  })

  it('get generated names', async () => {
    const object: KubeObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { generateName: 'gen-' } }
    const created = await registry.create(maps('crud'), object)
    expect(created.object.metadata.name).toMatch(/^gen-[a-z0-9]{5}$/)
  })

  it('are updated only from the state that was read', async () => {
    const created = await registry.create(maps('update'), map('a'))
    const { resourceVersion = '' } = created.object.metadata
    const changed = { ...map('a', { resourceVersion }), data: { x: '1' } }
    const { encoded } = await second.update(maps('update'), 'a', changed)
    expect(encoded.object).toMatchObject({ data: { x: '1' } })
    await expect(registry.update(maps('update'), 'a', changed)).rejects.toMatchObject({
      code: 409,
      message:
        'Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again',
    })
    await expect(registry.update(maps('update'), 'none', map('none'))).rejects.toMatchObject({ code: 404 })
  })

  it('take every one of many concurrent changes', async () => {
    await registry.create(maps('update'), map('counter'))
    const add = (current: KubeObject): KubeObject => {
      const data = (current as KubeObject & { data?: { n?: string } }).data
      return { ...current, data: { n: String(Number(data?.n ?? 0) + 1) } } as KubeObject
    }
    await Promise.all(
      Array.from({ length: 60 }, (_, i) => (i % 2 ? registry : second).update(maps('update'), 'counter', add)),
    )
    expect((await registry.get(maps('update'), 'counter')).object).toMatchObject({ data: { n: '60' } })
  })

  it('are not written when nothing changes', async () => {
    const created = await registry.create(maps('update'), map('same'))
    const { encoded } = await registry.update(maps('update'), 'same', (current) => current)
    expect(encoded.resourceVersion).toBe(created.resourceVersion)
  })

  it('stay unwritten in a dry run', async () => {
    const dry = { ...maps('dry'), dryRun: true }
    await registry.create(dry, map('a'))
    await expect(registry.get(maps('dry'), 'a')).rejects.toMatchObject({ code: 404 })
    await registry.create(maps('dry'), map('a'))
    await expect(registry.create(dry, map('a'))).rejects.toMatchObject({ code: 409 })
    await registry.delete(dry, 'a')
    await registry.get(maps('dry'), 'a')
  })
})

describe('deletion', () => {
  it('waits for finalizers, and the update that takes the last one ends it', async () => {
    await registry.create(maps('delete'), map('held', { finalizers: ['example.com/x'] }))
    const marked = await registry.delete(maps('delete'), 'held')
    expect(marked.deleted).toBe(false)
    expect(marked.encoded.object.metadata).toMatchObject({ deletionGracePeriodSeconds: 0 })
    expect((await registry.delete(maps('delete'), 'held')).deleted).toBe(false)
    await registry.update(maps('delete'), 'held', ({ metadata, ...rest }) => ({
      ...rest,
      metadata: { ...metadata, finalizers: [] },
    }))
    await expect(registry.get(maps('delete'), 'held')).rejects.toMatchObject({ code: 404 })
  })

  it('asks for the identity it was told', async () => {
    const { object } = await registry.create(maps('delete'), map('a'))
    await expect(registry.delete(maps('delete'), 'a', { preconditions: { uid: 'other' } })).rejects.toMatchObject({
      code: 409,
      message: `Operation cannot be fulfilled on ConfigMap "a": the UID in the precondition (other) does not match the UID in record (${object.metadata.uid ?? ''}). The object might have been deleted and then recreated`,
    })
    expect(
      (await registry.delete(maps('delete'), 'a', { preconditions: { uid: object.metadata.uid ?? '' } })).deleted,
    ).toBe(true)
  })

  it('empties a selection', async () => {
    for (const name of ['a', 'b', 'c'])
      await registry.create(maps('many'), map(name, { labels: { go: name === 'b' ? 'no' : 'yes' } }))
    expect(await registry.deleteCollection(maps('many'), { labelSelector: 'go=yes' })).toHaveLength(2)
    expect((await registry.list(maps('many'))).items.map(({ object }) => object.metadata.name)).toEqual(['b'])
  })

  it('keeps a namespace until it is emptied', async () => {
    const namespaces = scope('v1', 'Namespace')
    await registry.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'going' } })
    const { encoded, deleted } = await registry.delete(namespaces, 'going')
    expect(deleted).toBe(false)
    expect(encoded.object).toMatchObject({ status: { phase: 'Terminating' } })
    const finalize = (current: KubeObject): KubeObject => ({ ...current, spec: {} }) as KubeObject
    await registry.update(namespaces, 'going', finalize, { subresource: 'finalize' })
    await expect(registry.get(namespaces, 'going')).rejects.toMatchObject({ code: 404 })
  })
})

describe('lists', () => {
  it('page through the state of their first page', async () => {
    for (let i = 0; i < 7; i++) await registry.create(maps('pages'), map(`m${String(i)}`))
    const first = await registry.list(maps('pages'), { limit: 3 })
    expect(first.remainingItemCount).toBe(4)
    await registry.create(maps('pages'), map('m3x'))
    await registry.delete(maps('pages'), 'm5')
    const rest: string[] = []
    for (let token = first.continue; token !== undefined;) {
      const page = await registry.list(maps('pages'), { limit: 3, continue: token })
      expect(page.resourceVersion).toBe(first.resourceVersion)
      rest.push(...page.items.map(({ object }) => object.metadata.name ?? ''))
      token = page.continue
    }
    expect(rest).toEqual(['m3', 'm4', 'm5', 'm6'])
    const exact = { resourceVersion: first.resourceVersion, resourceVersionMatch: 'Exact' }
    expect((await registry.list(maps('pages'), exact)).items).toHaveLength(7)
  })

  it('see what another apiserver has just written', async () => {
    for (let i = 0; i < 10; i++) {
      await registry.create(maps('fresh'), map(`m${String(i)}`))
      expect((await second.list(maps('fresh'))).items).toHaveLength(i + 1)
    }
  })

  it('refuse what they cannot understand', async () => {
    const bad = (options: object) => expect(registry.list(maps('x'), options)).rejects
    await bad({ labelSelector: 'a in' }).toMatchObject({ code: 400 })
    await bad({ fieldSelector: 'spec.x=1' }).toMatchObject({
      message: '"spec.x" is not a known field selector: only "metadata.name", "metadata.namespace"',
    })
    await bad({ resourceVersion: 'x' }).toMatchObject({ code: 400 })
    await bad({ continue: '???' }).toMatchObject({ code: 400 })
    await bad({ resourceVersionMatch: 'Exact' }).toMatchObject({ code: 422 })
  })
})

describe('watches', () => {
  it('give the state first and then changes, of the selection only', async () => {
    await registry.create(maps('watch'), map('a', { labels: { in: 'yes' } }))
    const watch = await registry.watch(maps('watch'), { labelSelector: 'in=yes' })
    const relabel =
      (value: string) =>
      (object: KubeObject): KubeObject => ({
        ...object,
        metadata: { ...object.metadata, labels: { in: value } },
      })
    await second.create(maps('watch'), map('b', { labels: { in: 'no' } }))
    await second.update(maps('watch'), 'b', relabel('yes'))
    await second.update(maps('watch'), 'a', relabel('no'))
    await second.delete(maps('watch'), 'b')
    expect(await take(watch, 4)).toEqual(['ADDED a', 'ADDED b', 'DELETED a', 'DELETED b'])
  })

  it('mark the end of the state when asked to', async () => {
    await registry.create(maps('stream'), map('a'))
    const options = { sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan', allowWatchBookmarks: true }
    expect(await take(await registry.watch(maps('stream'), options), 2)).toEqual(['ADDED a', 'BOOKMARK -'])
  })

  it('from too long ago are one error', async () => {
    const watch = await registry.watch(maps('watch'), { resourceVersion: '1' })
    for await (const batch of watch) {
      expect(batch[0]?.type).toBe('ERROR')
      expect(batch[0]?.encoded.object).toMatchObject({ kind: 'Status', code: 410, reason: 'Expired' })
    }
  })

  it('end with their request', async () => {
    const request = new AbortController()
    const watch = await registry.watch({ ...maps('nothing'), signal: request.signal })
    request.abort()
    expect(await take(watch, 1)).toEqual([])
  })
})

describe('Pods', () => {
  const pods = scope('v1', 'Pod', 'pods')
  const binding = (node: string): KubeObject =>
    ({ apiVersion: 'v1', kind: 'Binding', metadata: { name: 'p' }, target: { kind: 'Node', name: node } }) as KubeObject

  it('are bound once, whoever tries', async () => {
    await registry.create(pods, pod('p'))
    const results = await Promise.allSettled(
      Array.from({ length: 8 }, (_, i) => (i % 2 ? registry : second).bindPod(pods, 'p', binding(`n${String(i)}`))),
    )
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    const { object } = await registry.get(pods, 'p')
    const { spec, status } = object as Pod
    expect(status?.conditions).toContainEqual(expect.objectContaining({ type: 'PodScheduled', status: 'True' }))
    await expect(registry.bindPod(pods, 'p', binding('other'))).rejects.toMatchObject({
      code: 409,
      message: `Operation cannot be fulfilled on pods/binding "p": pod p is already assigned to node "${spec.nodeName ?? ''}"`,
    })
  })

  it('are kept for their grace period once they have a node', async () => {
    const { encoded, deleted } = await registry.delete(pods, 'p')
    expect(deleted).toBe(false)
    expect(encoded.object.metadata.deletionGracePeriodSeconds).toBe(30)
    expect((await registry.delete(pods, 'p', { gracePeriodSeconds: 0 })).deleted).toBe(true)
    await registry.create(pods, pod('nowhere'))
    expect((await registry.delete(pods, 'nowhere')).deleted).toBe(true)
  })

  it('are evicted as far as their budget goes', async () => {
    const budgets = scope('policy/v1', 'PodDisruptionBudget', 'pods')
    const labels = { app: 'web' }
    const budget = {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name: 'b' },
      spec: { minAvailable: 1, selector: { matchLabels: labels } },
    }
    await registry.create(budgets, budget as KubeObject)
    const allow = (current: KubeObject): KubeObject =>
      ({
        ...current,
        status: {
          observedGeneration: current.metadata.generation ?? 0,
          disruptionsAllowed: 1,
          desiredHealthy: 1,
          currentHealthy: 2,
          expectedPods: 2,
        },
      }) as KubeObject
    await registry.update(budgets, 'b', allow, { subresource: 'status' })
    for (const name of ['w1', 'w2']) {
      await registry.create(pods, pod(name, { labels }))
      const run = (current: KubeObject): KubeObject =>
        ({ ...current, status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] } }) as KubeObject
      await registry.update(pods, name, run, { subresource: 'status' })
    }
    const eviction = (name: string): KubeObject => ({ apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name } })
    await registry.evictPod(pods, 'w1', eviction('w1'))
    await expect(registry.evictPod(pods, 'w2', eviction('w2'))).rejects.toMatchObject({
      code: 429,
      message: "Cannot evict pod as it would violate the pod's disruption budget.",
    })
  })
})

describe('scale', () => {
  it('is read and written through its own object', async () => {
    const deployments = scope('apps/v1', 'Deployment', 'scale')
    const labels = { app: 'web' }
    const template = { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'busybox' }] } }
    const deployment = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web' },
      spec: { replicas: 2, selector: { matchLabels: labels }, template },
    }
    await registry.create(deployments, deployment as KubeObject)
    const scale = await registry.get(deployments, 'web', { subresource: 'scale' })
    expect(scale.object).toMatchObject({
      kind: 'Scale',
      spec: { replicas: 2 },
      status: { replicas: 0, selector: 'app=web' },
    })
    const set =
      (replicas: number) =>
      (current: KubeObject): KubeObject =>
        ({ ...current, spec: { replicas } }) as KubeObject
    await registry.update(deployments, 'web', set(5), { subresource: 'scale' })
    const { object } = await registry.get(deployments, 'web')
    expect(object).toMatchObject({ spec: { replicas: 5 }, metadata: { generation: 2 } })
    await expect(registry.update(deployments, 'web', set(-1), { subresource: 'scale' })).rejects.toMatchObject({
      code: 422,
    })
  })
})

describe('large lists', () => {
  it('are answered from the cache', async () => {
    const queue = Array.from({ length: 2000 }, (_, i) => i).values()
    const data = { x: 'x'.repeat(1024) }
    await Promise.all(
      Array.from({ length: 16 }, async () => {
        for (const i of queue) await registry.create(maps('large'), { ...map(`m${String(i)}`), data } as KubeObject)
      }),
    )
    const { items } = await second.list(maps('large'))
    expect(items).toHaveLength(2000)
    expect((await registry.list(maps('large'), { fieldSelector: 'metadata.name=m1234' })).items).toHaveLength(1)
  })
})

describe('without etcd', () => {
  it('requests are refused, and taken again when it is back', async () => {
    const own = await startEtcd()
    const running = await openRegistry(own.endpoint)
    await own.kill()
    const fresh = startRegistry(own.endpoint)
    for (const one of [running, fresh]) {
      await expect(one.get(maps('x'), 'a')).rejects.toMatchObject({ code: 503 })
      await expect(one.create(maps('x'), map('a'))).rejects.toMatchObject({ code: 503 })
    }
    // what takes any state still answers from what was read before
    expect((await running.list(scope('v1', 'Namespace'), { resourceVersion: '0' })).items).toHaveLength(4)
    await waitFor(async () => (await running.health())?.includes('etcd') ?? false, 'the loss is noticed')
    await own.restart()
    for (const one of [running, fresh]) await waitFor(async () => (await one.health()) === undefined, 'etcd is back')
    await running.create(maps('x'), map('a'))
    await fresh.get(maps('x'), 'a')
    await Promise.all([running.close(), fresh.close()])
    await own.stop()
  })
})
