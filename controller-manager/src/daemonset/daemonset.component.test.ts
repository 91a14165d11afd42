import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { controllerRevisions, daemonSets, nodes, pods } from '@kubets/shared/api/resources.gen.ts'
import type { DaemonSet, DaemonSetSpec } from '@kubets/shared/api/types/apps-v1.ts'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { waitFor } from '@kubets/shared/testing/wait.ts'
import { startTestManager } from '../manager.testing.ts'
import type { TestManager } from '../manager.testing.ts'
import { targetNode } from './placement.ts'

let manager: TestManager
const namespace = 'daemons'
beforeAll(async () => {
  manager = await startTestManager()
  await manager.makeNamespace(namespace)
  for (const name of ['one', 'two'])
    await manager.client.create(nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name }, spec: {} })
})
afterAll(() => manager.stop())

const create = (name: string, spec: Partial<DaemonSetSpec> = {}): Promise<DaemonSet> =>
  manager.client.create(
    daemonSets,
    {
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata: { name },
      spec: {
        selector: { matchLabels: { app: name } },
        template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'c', image: 'i:1' }] } },
        ...spec,
      },
    },
    { namespace },
  )

const podsOf = async (name: string): Promise<Pod[]> =>
  (await manager.client.list(pods, { namespace, labelSelector: `app=${name}` })).items

/** Runs a Pod as scheduler and kubelet would. */
const run = async (pod: Pod, ready = true): Promise<void> => {
  const name = pod.metadata.name ?? ''
  const status = {
    phase: 'Running',
    conditions: [{ type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: '2026-01-01T00:00:00Z' }],
  }
  await manager.client.patch(pods, name, { status }, { type: 'strategic', namespace, subresource: 'status' })
}

const awaitPods = (name: string, what: (found: Pod[]) => boolean): Promise<Pod[]> =>
  waitFor(async () => {
    const found = await podsOf(name)
    return what(found) ? found : undefined
  })

const awaitSet = (name: string, test: (set: DaemonSet) => boolean): Promise<DaemonSet> =>
  waitFor(async () => {
    const set = await manager.client.get(daemonSets, name, { namespace })
    return test(set) ? set : undefined
  })

const setImage = (name: string, image: string): Promise<DaemonSet> =>
  manager.client.patch(
    daemonSets,
    name,
    { spec: { template: { spec: { containers: [{ name: 'c', image }] } } } },
    { type: 'strategic', namespace },
  )

const imageOf = ({ spec }: Pod): string | undefined => spec.containers[0]?.image

describe('the DaemonSet controller', () => {
  it('keeps a Pod for every node, and counts them', async () => {
    await create('plain')
    const made = await awaitPods('plain', (found) => found.length === 2)
    expect(made.map(targetNode).toSorted()).toEqual(['one', 'two'])
    for (const pod of made) await run(pod)
    const { status } = await awaitSet('plain', (set) => set.status?.numberAvailable === 2)
    expect(status).toEqual({
      observedGeneration: 1,
      desiredNumberScheduled: 2,
      currentNumberScheduled: 2,
      numberMisscheduled: 0,
      numberReady: 2,
      updatedNumberScheduled: 2,
      numberAvailable: 2,
    })
    const [lost] = made
    await manager.client.delete(pods, lost?.metadata.name ?? '', { namespace, gracePeriodSeconds: 0 })
    await awaitPods(
      'plain',
      (found) => found.length === 2 && found.every(({ metadata }) => metadata.uid !== lost?.metadata.uid),
    )
  })

  it('rolls a new template out node by node and keeps what was, as often as it should', async () => {
    await create('rolled', { revisionHistoryLimit: 1 })
    for (const pod of await awaitPods('rolled', (found) => found.length === 2)) await run(pod)
    await awaitSet('rolled', (set) => set.status?.numberAvailable === 2)
    for (const image of ['i:2', 'i:3', 'i:2']) {
      await setImage('rolled', image)
      for (const count of [1, 2]) {
        const found = await awaitPods(
          'rolled',
          (all) => all.length === 2 && all.filter((pod) => imageOf(pod) === image).length === count,
        )
        // those of before run, and the next of them goes as soon as the new one is ready
        for (const pod of found.filter((one) => imageOf(one) === image)) await run(pod)
      }
      await awaitSet('rolled', (set) => set.status?.updatedNumberScheduled === 2 && set.status.numberAvailable === 2)
    }
    const revisions = await waitFor(async () => {
      const { items } = await manager.client.list(controllerRevisions, { namespace, labelSelector: 'app=rolled' })
      return items.length === 2 ? items : undefined
    })
    // i:2 was there before: its revision is the newest again
    expect(revisions.map((one) => one.revision).toSorted()).toEqual([3, 4])
    const newest = revisions.find((one) => one.revision === 4)
    expect(newest?.metadata.ownerReferences).toMatchObject([{ kind: 'DaemonSet', name: 'rolled', controller: true }])
    const hashes = (await podsOf('rolled')).map(({ metadata }) => metadata.labels?.['controller-revision-hash'])
    expect(new Set(hashes)).toEqual(new Set([newest?.metadata.labels?.['controller-revision-hash']]))
  })

  it('has one revision of one template, and takes Pods of an equal one for its own', async () => {
    await create('twice')
    for (const pod of await awaitPods('twice', (found) => found.length === 2)) await run(pod)
    await awaitSet('twice', (set) => set.status?.numberAvailable === 2)
    const label = 'controller-revision-hash'
    const revisionsOf = async () =>
      (await manager.client.list(controllerRevisions, { namespace, labelSelector: 'app=twice' })).items
    const [first] = await revisionsOf()
    await manager.restart(async () => {
      const { name: _, uid, resourceVersion, creationTimestamp, ...metadata } = first?.metadata ?? {}
      expect([uid, resourceVersion, creationTimestamp]).not.toContain(undefined)
      const labels = { ...metadata.labels, [label]: 'again' }
      const again = { metadata: { ...metadata, name: 'twice-again', labels }, data: first?.data, revision: 7 }
      await manager.client.create(
        controllerRevisions,
        { apiVersion: 'apps/v1', kind: 'ControllerRevision', ...again },
        { namespace },
      )
    })
    const [left] = await waitFor(async () => {
      const revisions = await revisionsOf()
      return revisions.length === 1 ? revisions : undefined
    })
    expect([left?.metadata.name, left?.revision]).toEqual(['twice-again', 7])
    const kept = await awaitPods('twice', (found) =>
      found.every(({ metadata }) => metadata.labels?.[label] === 'again'),
    )
    // relabelled, not replaced
    expect(kept.map(({ status }) => status?.phase)).toEqual(['Running', 'Running'])
    await awaitSet('twice', (set) => set.status?.updatedNumberScheduled === 2)
  })

  it('follows the labels of nodes', async () => {
    await create('picky', {
      template: {
        metadata: { labels: { app: 'picky' } },
        spec: { nodeSelector: { disk: 'fast' }, containers: [{ name: 'c', image: 'i:1' }] },
      },
    })
    await awaitSet('picky', (set) => set.status?.observedGeneration === 1)
    expect(await podsOf('picky')).toEqual([])
    const label = (disk: string | null): Promise<unknown> =>
      manager.client.patch(nodes, 'one', { metadata: { labels: { disk } } }, { type: 'strategic' })
    await label('fast')
    const [pod] = await awaitPods('picky', (found) => found.length === 1)
    expect(pod && targetNode(pod)).toBe('one')
    await label(null)
    await awaitPods('picky', (found) => found.every(({ metadata }) => metadata.deletionTimestamp !== undefined))
    await awaitSet('picky', (set) => set.status?.desiredNumberScheduled === 0)
  })
})
