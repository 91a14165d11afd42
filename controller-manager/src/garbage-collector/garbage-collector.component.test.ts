import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { configMaps, events, priorityClasses } from '@kubets/shared/api/resources.gen.ts'
import type { ConfigMap } from '@kubets/shared/api/types/core-v1.ts'
import { isNotFound } from '@kubets/shared/machinery/errors.ts'
import type { ObjectMeta, OwnerReference } from '@kubets/shared/machinery/meta-v1.gen.ts'
import type { KubeObject, ResourceRef } from '@kubets/shared/machinery/object.ts'
import { waitFor } from '@kubets/shared/testing/wait.ts'
import { startTestManager } from '../manager.testing.ts'
import type { TestManager } from '../manager.testing.ts'

let manager: TestManager
beforeAll(async () => {
  manager = await startTestManager()
})
afterAll(() => manager.stop())

const make = async (
  namespace: string,
  name: string,
  owners: OwnerReference[] = [],
  metadata: ObjectMeta = {},
): Promise<ConfigMap> =>
  manager.client.create(
    configMaps,
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ownerReferences: owners, ...metadata } },
    { namespace },
  )

const owner = (object: KubeObject, blockOwnerDeletion = true): OwnerReference => {
  const { name = '', uid = '' } = object.metadata
  return { apiVersion: object.apiVersion, kind: object.kind, name, uid, blockOwnerDeletion }
}

const read = async (ref: ResourceRef, name: string, namespace?: string): Promise<KubeObject | undefined> =>
  manager.client.get(ref, name, namespace === undefined ? {} : { namespace }).catch((error: unknown) => {
    if (isNotFound(error)) return undefined
    throw error
  })
const gone = (namespace: string, name: string): Promise<boolean> =>
  waitFor(async () => (await read(configMaps, name, namespace)) === undefined)

describe('the garbage collector', () => {
  it('takes what lost its owner, and what that owned', async () => {
    const namespace = 'background'
    await manager.makeNamespace(namespace)
    const a = await make(namespace, 'a')
    const b = await make(namespace, 'b', [owner(a)])
    await make(namespace, 'c', [owner(b)])
    await manager.client.delete(configMaps, 'a', { namespace, propagationPolicy: 'Background' })
    await gone(namespace, 'b')
    await gone(namespace, 'c')
  })

  it('lets the owner go last in the foreground, and leaves what has another owner', async () => {
    const namespace = 'foreground'
    await manager.makeNamespace(namespace)
    const a = await make(namespace, 'a')
    const other = await make(namespace, 'other')
    const held = await make(namespace, 'held', [owner(a)], { finalizers: ['example.com/held'] })
    await make(namespace, 'shared', [owner(a), owner(other)])
    await manager.client.delete(configMaps, 'a', { namespace, propagationPolicy: 'Foreground' })
    const onItsWay = async (): Promise<boolean> =>
      (await read(configMaps, 'held', namespace))?.metadata.deletionTimestamp !== undefined
    await waitFor(onItsWay)
    const waiting = await read(configMaps, 'a', namespace)
    expect(waiting?.metadata.finalizers).toEqual(['foregroundDeletion'])
    const letGo = { metadata: { uid: held.metadata.uid, finalizers: null } }
    await manager.client.patch(configMaps, 'held', letGo, { type: 'merge', namespace })
    await gone(namespace, 'a')
    const shared = await read(configMaps, 'shared', namespace)
    expect(shared?.metadata.ownerReferences?.map(({ name }) => name)).toEqual(['other'])
  })

  it('makes orphans on demand', async () => {
    const namespace = 'orphan'
    await manager.makeNamespace(namespace)
    const a = await make(namespace, 'a')
    await make(namespace, 'b', [owner(a)])
    await manager.client.delete(configMaps, 'a', { namespace, propagationPolicy: 'Orphan' })
    await gone(namespace, 'a')
    expect((await read(configMaps, 'b', namespace))?.metadata.ownerReferences).toBeUndefined()
  })

  it('takes a circle apart', async () => {
    const namespace = 'circle'
    await manager.makeNamespace(namespace)
    const a = await make(namespace, 'a')
    const b = await make(namespace, 'b', [owner(a)])
    const c = await make(namespace, 'c', [owner(b)])
    const close = { metadata: { ownerReferences: [owner(c)] } }
    await manager.client.patch(configMaps, 'a', close, { type: 'merge', namespace })
    await manager.client.delete(configMaps, 'a', { namespace, propagationPolicy: 'Foreground' })
    for (const name of ['a', 'b', 'c']) await gone(namespace, name)
  })

  it('refuses owners in another namespace, says so, and leaves their own dependants alone', async () => {
    await manager.makeNamespace('here')
    await manager.makeNamespace('there')
    const a = await make('here', 'a')
    await make('here', 'own', [owner(a)])
    await make('there', 'stray', [owner(a)])
    await gone('there', 'stray')
    const told = async (): Promise<boolean> => {
      const { items } = await manager.client.list(events, { namespace: 'there' })
      return items.some(
        ({ reason, message }) =>
          reason === 'OwnerRefInvalidNamespace' &&
          message ===
            `ownerRef [v1/ConfigMap, namespace: there, name: a, uid: ${a.metadata.uid}] does not exist in namespace "there"`,
      )
    }
    await waitFor(told)
    // something is done here after the stray was: had it spoiled anything, it would show
    await make('here', 'late', [owner(a)])
    await manager.client.delete(configMaps, 'own', { namespace: 'here' })
    await gone('here', 'own')
    expect(await read(configMaps, 'late', 'here')).toBeDefined()
    await manager.client.delete(configMaps, 'a', { namespace: 'here' })
    await gone('here', 'late')
  })

  it('takes what names an owner that never was, and leaves what no owner can be found for', async () => {
    const namespace = 'ghost'
    await manager.makeNamespace(namespace)
    const ghost = { apiVersion: 'v1', kind: 'ConfigMap', name: 'ghost', uid: 'a-uid-of-nobody' }
    const unknown = { apiVersion: 'example.com/v1', kind: 'Widget', name: 'w', uid: 'another-uid' }
    await make(namespace, 'kept', [unknown])
    const a = await make(namespace, 'a')
    await manager.client.create(priorityClasses, {
      apiVersion: 'scheduling.k8s.io/v1',
      kind: 'PriorityClass',
      metadata: { name: 'owned-from-inside', ownerReferences: [owner(a)] },
      value: 1,
    })
    await make(namespace, 'b', [ghost])
    await gone(namespace, 'b')
    expect(await read(configMaps, 'kept', namespace)).toBeDefined()
    await manager.client.delete(configMaps, 'a', { namespace })
    const c = await make(namespace, 'c')
    await make(namespace, 'd', [owner(c)])
    await manager.client.delete(configMaps, 'c', { namespace })
    await gone(namespace, 'd')
    expect(await read(priorityClasses, 'owned-from-inside')).toBeDefined()
  })
})
