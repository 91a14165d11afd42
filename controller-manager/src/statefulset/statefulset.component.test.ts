import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { controllerRevisions, persistentVolumeClaims, pods, statefulSets } from '@kubets/shared/api/resources.gen.ts'
import type { StatefulSet, StatefulSetSpec } from '@kubets/shared/api/types/apps-v1.ts'
import type { PersistentVolumeClaim, Pod } from '@kubets/shared/api/types/core-v1.ts'
import { waitFor } from '@kubets/shared/testing/wait.ts'
import { startTestManager } from '../manager.testing.ts'
import type { TestManager } from '../manager.testing.ts'

let manager: TestManager
const namespace = 'sets'
beforeAll(async () => {
  manager = await startTestManager()
  await manager.makeNamespace(namespace)
})
afterAll(() => manager.stop())

const create = (name: string, spec: Partial<StatefulSetSpec> = {}): Promise<StatefulSet> =>
  manager.client.create(
    statefulSets,
    {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name },
      spec: {
        serviceName: name,
        selector: { matchLabels: { app: name } },
        template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'c', image: 'i:1' }] } },
        ...spec,
      },
    },
    { namespace },
  )
const patch = (name: string, spec: object): Promise<StatefulSet> =>
  manager.client.patch(statefulSets, name, { spec }, { type: 'merge', namespace })

const podsOf = async (name: string): Promise<Pod[]> =>
  (await manager.client.list(pods, { namespace, labelSelector: `app=${name}` })).items
const namesOf = (found: readonly { metadata: { name?: string } }[]): string[] =>
  found.map(({ metadata }) => metadata.name ?? '').toSorted()

const awaitPods = (name: string, ...wanted: string[]): Promise<Pod[]> =>
  waitFor(async () => {
    const found = await podsOf(name)
    return namesOf(found).join() === wanted.join() ? found : undefined
  })

/** Runs the set's Pods as scheduler and kubelet would, and lets those go that are deleted, until the test holds. */
const play = (name: string, test: (set: StatefulSet) => boolean): Promise<StatefulSet> =>
  waitFor(async () => {
    for (const { metadata, status } of await podsOf(name)) {
      const podName = metadata.name ?? ''
      const running = {
        phase: 'Running',
        conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' }],
      }
      const options = { type: 'strategic', namespace, subresource: 'status' } as const
      if (metadata.deletionTimestamp !== undefined)
        await manager.client.delete(pods, podName, { namespace, gracePeriodSeconds: 0 }).catch(() => undefined)
      else if (status?.phase !== 'Running')
        await manager.client.patch(pods, podName, { status: running }, options).catch(() => undefined)
    }
    const set = await manager.client.get(statefulSets, name, { namespace })
    return test(set) ? set : undefined
  })

const claimsOf = async (name: string): Promise<PersistentVolumeClaim[]> =>
  (await manager.client.list(persistentVolumeClaims, { namespace, labelSelector: `app=${name}` })).items

describe('the StatefulSet controller', () => {
  it('makes Pods one after another, with names and hosts of their own', async () => {
    await create('ordered', { replicas: 2 })
    const [first] = await awaitPods('ordered', 'ordered-0')
    expect(first?.spec).toMatchObject({ hostname: 'ordered-0', subdomain: 'ordered' })
    const { status } = await play('ordered', (set) => set.status?.availableReplicas === 2)
    expect(status).toMatchObject({ observedGeneration: 1, replicas: 2, readyReplicas: 2, collisionCount: 0 })
    expect(status?.currentRevision).toBe(status?.updateRevision)
    expect(namesOf(await podsOf('ordered'))).toEqual(['ordered-0', 'ordered-1'])
  })

  it('rolls a new template out, knows the old one again, and forgets what is too old', async () => {
    await create('rolled', { replicas: 2, revisionHistoryLimit: 1 })
    await play('rolled', (set) => set.status?.readyReplicas === 2)
    const revisions: (string | undefined)[] = []
    for (const image of ['i:2', 'i:1', 'i:3', 'i:4']) {
      const changed = await patch('rolled', { template: { spec: { containers: [{ name: 'c', image }] } } })
      const { status } = await play(
        'rolled',
        (set) =>
          set.status?.observedGeneration === changed.metadata.generation &&
          set.status?.updatedReplicas === 2 &&
          set.status.readyReplicas === 2 &&
          set.status.currentRevision === set.status.updateRevision,
      )
      revisions.push(status?.currentRevision)
      expect((await podsOf('rolled')).map(({ spec }) => spec.containers[0]?.image)).toEqual([image, image])
    }
    expect(new Set(revisions).size).toBe(4)
    const left = await waitFor(async () => {
      const { items } = await manager.client.list(controllerRevisions, { namespace, labelSelector: 'app=rolled' })
      return items.length === 2 ? items : undefined
    })
    expect(namesOf(left)).toEqual(revisions.slice(2).toSorted())
    expect(left.map(({ revision }) => revision).toSorted()).toEqual([4, 5])
  })

  it('goes on to tell of its Pods while it waits for them to go', async () => {
    await create('going', { replicas: 2 })
    await play('going', (set) => set.status?.availableReplicas === 2)
    const hold = (finalizers: string[]): Promise<Pod> =>
      manager.client.patch(pods, 'going-0', { metadata: { finalizers } }, { type: 'merge', namespace })
    await hold(['example.com/hold'])
    await manager.client.delete(statefulSets, 'going', { namespace, propagationPolicy: 'Foreground' })
    const told = await waitFor(async () => {
      const set = await manager.client.get(statefulSets, 'going', { namespace })
      return set.status?.replicas === 1 ? set : undefined
    })
    expect(told.status?.observedGeneration).toBe(told.metadata.generation)
    await hold([])
    await waitFor(() =>
      manager.client.get(statefulSets, 'going', { namespace }).then(
        () => undefined,
        () => true,
      ),
    )
  })

  it('gives each Pod claims, which stay or go as its policy says', async () => {
    const volumeClaimTemplates = [
      {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { name: 'data' },
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } },
      },
    ]
    const retention = { whenDeleted: 'Delete', whenScaled: 'Delete' }
    await create('stored', { replicas: 2, volumeClaimTemplates, persistentVolumeClaimRetentionPolicy: retention })
    await play('stored', (set) => set.status?.readyReplicas === 2)
    const claims = await claimsOf('stored')
    expect(namesOf(claims)).toEqual(['data-stored-0', 'data-stored-1'])
    for (const { metadata } of claims)
      expect(metadata.ownerReferences).toMatchObject([{ kind: 'StatefulSet', name: 'stored' }])
    expect((await podsOf('stored'))[0]?.spec.volumes).toContainEqual({
      name: 'data',
      persistentVolumeClaim: { claimName: 'data-stored-0' },
    })
    await patch('stored', { replicas: 1 })
    await play('stored', (set) => set.status?.replicas === 1)
    await waitFor(async () => (namesOf(await claimsOf('stored')).join() === 'data-stored-0' ? true : undefined))
    await patch('stored', { replicas: 2 })
    await play('stored', (set) => set.status?.readyReplicas === 2)
    expect(namesOf(await claimsOf('stored'))).toEqual(['data-stored-0', 'data-stored-1'])
  })
})
