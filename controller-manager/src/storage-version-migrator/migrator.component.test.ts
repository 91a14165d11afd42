import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { customResourceDefinitions, storageVersionMigrations } from '@kubets/shared/api/resources.gen.ts'
import type { StorageVersionMigration } from '@kubets/shared/api/types/storagemigration-v1beta1.ts'
import { formatTime } from '@kubets/shared/machinery/time.ts'
import type { KubeObject, ResourceRef } from '@kubets/shared/machinery/object.ts'
import { realClock } from '@kubets/shared/testing/real-clock.ts'
import { waitFor } from '@kubets/shared/testing/wait.ts'
import { startTestManager, type TestManager } from '../manager.testing.ts'

const namespace = 'migrated'
const group = 'example.com'
let manager: TestManager
beforeAll(async () => {
  manager = await startTestManager({}, ['--runtime-config=storagemigration.k8s.io/v1beta1=true'])
  await manager.makeNamespace(namespace)
})
afterAll(() => manager.stop())

const refOf = (plural: string): ResourceRef => ({ group, version: 'v1', plural, kind: 'Thing', namespaced: true })
const versionsOf = (stored: string): object[] =>
  ['v1', 'v2'].map((name) => ({
    name,
    served: true,
    storage: name === stored,
    schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
  }))

/** A kind, and so many objects of it, which are stored in a version that is not the storage version any more. */
const prepare = async (plural: string, count: number): Promise<void> => {
  const { client } = manager
  const name = `${plural}.${group}`
  await client.create(customResourceDefinitions, {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural, kind: plural.charAt(0).toUpperCase() + plural.slice(1) },
      versions: versionsOf('v1'),
    },
  } as never)
  const ref = { ...refOf(plural), kind: plural.charAt(0).toUpperCase() + plural.slice(1) }
  const make = (i: number): Promise<KubeObject> =>
    client.create(ref, { apiVersion: `${group}/v1`, kind: ref.kind, metadata: { name: `o${i}`, namespace } })
  await waitFor(() =>
    make(0).then(
      () => true,
      () => false,
    ),
  )
  for (let i = 1; i < count; i++) await make(i)
  await client.patch(customResourceDefinitions, name, { spec: { versions: versionsOf('v2') } }, { type: 'merge' })
  // from when on it is stored anew
  const probe = async (): Promise<boolean> => {
    await client.patch(
      ref,
      'o0',
      { metadata: { labels: { at: String(realClock.now()) } } },
      { type: 'merge', namespace },
    )
    return (await inEtcd(plural, 'o0')).includes(`"${group}/v2"`)
  }
  await waitFor(probe)
}

const inEtcd = async (plural: string, name: string): Promise<string> => {
  const key = Buffer.from(`/registry/${group}/${plural}/${namespace}/${name}`).toString('base64')
  const answer = await fetch(`${manager.etcd}/v3/kv/range`, { method: 'POST', body: JSON.stringify({ key }) })
  const { kvs } = (await answer.json()) as { kvs?: { value: string }[] }
  return Buffer.from(kvs?.[0]?.value ?? '', 'base64').toString()
}

const draft = (name: string, resource: string): StorageVersionMigration => ({
  apiVersion: 'storagemigration.k8s.io/v1beta1',
  kind: 'StorageVersionMigration',
  metadata: { name },
  spec: { resource: { group, resource } },
})
const conditionsOf = ({ status }: StorageVersionMigration): Record<string, string> =>
  Object.fromEntries((status?.conditions ?? []).map(({ type, status: is }) => [type, is]))
const whenEnded = (name: string): Promise<StorageVersionMigration> =>
  waitFor(async () => {
    const found = await manager.client.get(storageVersionMigrations, name)
    const { Succeeded, Failed } = conditionsOf(found)
    return Succeeded === 'True' || Failed === 'True' ? found : undefined
  })

describe('a migration of a custom kind whose storage version changed', () => {
  it('stores every object in the new version', async () => {
    await prepare('gears', 5)
    expect(await inEtcd('gears', 'o3')).toContain(`"${group}/v1"`)
    await manager.client.create(storageVersionMigrations, draft('gears', 'gears'))
    const done = await whenEnded('gears')
    expect(conditionsOf(done)).toEqual({ Running: 'False', Succeeded: 'True' })
    expect(done.status?.resourceVersion).toMatch(/^\d+$/)
    for (let i = 0; i < 5; i++) expect(await inEtcd('gears', `o${i}`)).toContain(`"${group}/v2"`)
    const crd = await manager.client.get(customResourceDefinitions, `gears.${group}`)
    expect(crd.status?.storedVersions).toEqual(['v2'])
    expect(crd.status?.conditions?.find(({ type }) => type === 'StorageMigrating')).toMatchObject({
      status: 'False',
      reason: 'MigrationSucceeded',
    })
  })

  it('goes on after the controllers were killed in the midst of it', async () => {
    await prepare('wheels', 3)
    const { client } = manager
    const ref = { ...refOf('wheels'), kind: 'Wheels' }
    let version = ''
    await manager.restart(async () => {
      const made = await client.create(storageVersionMigrations, draft('wheels', 'wheels'))
      version = (await client.list(ref, { limit: 1 })).metadata.resourceVersion ?? ''
      // this one had been reached
      await client.patch(ref, 'o1', { metadata: { labels: { a: 'b' } } }, { type: 'merge', namespace })
      const running = { type: 'Running', status: 'True', reason: 'MigrationRunning', message: '' }
      const conditions = [{ ...running, lastTransitionTime: formatTime(realClock.now()) }]
      const next = { ...made, status: { conditions, resourceVersion: version } }
      await client.update(storageVersionMigrations, next, { subresource: 'status' })
    })
    const before = await client.get(ref, 'o1', { namespace })
    const done = await whenEnded('wheels')
    expect(conditionsOf(done)).toEqual({ Running: 'False', Succeeded: 'True' })
    expect(done.status?.resourceVersion).toBe(version)
    expect(await inEtcd('wheels', 'o2')).toContain(`"${group}/v2"`)
    expect(await client.get(ref, 'o1', { namespace })).toEqual(before)
  })

  it('waits for another one of the same kind', async () => {
    await prepare('cogs', 2)
    for (const name of ['cogs-1', 'cogs-2']) await manager.client.create(storageVersionMigrations, draft(name, 'cogs'))
    for (const name of ['cogs-1', 'cogs-2'])
      expect(conditionsOf(await whenEnded(name))).toEqual({ Running: 'False', Succeeded: 'True' })
  })
})
