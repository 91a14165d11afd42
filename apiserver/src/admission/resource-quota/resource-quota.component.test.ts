import { startEtcd } from '@kubets/shared/testing/etcd.ts'
import { isForbidden, StatusError } from '@kubets/shared/machinery/errors.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import { realClock } from '@kubets/shared/process/clock.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ResourceQuota } from '@kubets/shared/api/types/core-v1.ts'
import { map, maps, openRegistry, scope } from '../../registry/component-harness.ts'
import type { Admission, Registry, RequestScope } from '../../registry/types.ts'
import { chain } from '../plugin.ts'
import { resourceQuota } from './plugin.ts'

let etcd: Awaited<ReturnType<typeof startEtcd>>
const registries: Registry[] = []
const admissions: Admission[] = []
const stop = new AbortController()

beforeAll(async () => {
  etcd = await startEtcd()
  // two apiservers on one etcd
  for (const address of ['10.0.0.1', '10.0.0.2']) {
    const registry = await openRegistry(etcd.endpoint, address)
    registries.push(registry)
    admissions.push(chain([resourceQuota(registry, realClock, stop.signal)]))
  }
})

afterAll(async () => {
  stop.abort()
  await Promise.all(registries.map((registry) => registry.close()))
  await etcd.stop()
})

const at = (index: number): { registry: Registry; admission: Admission } => {
  const registry = registries[index]
  const admission = admissions[index]
  if (!registry || !admission) throw new Error(`no registry ${index}`)
  return { registry, admission }
}

const quotas = (namespace: string): RequestScope => scope('v1', 'ResourceQuota', namespace)

const makeQuota = async (namespace: string, hard: Record<string, string>): Promise<void> => {
  const { registry } = at(0)
  const metadata = { name: namespace }
  await registry.create(scope('v1', 'Namespace'), { apiVersion: 'v1', kind: 'Namespace', metadata })
  const quota = { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'q' }, spec: { hard } }
  await registry.create(quotas(namespace), quota)
  const used = Object.fromEntries(Object.keys(hard).map((name) => [name, '0']))
  const count = (current: KubeObject): KubeObject => ({ ...current, status: { hard, used } }) as KubeObject
  await registry.update(quotas(namespace), 'q', count, { subresource: 'status' })
  // both apiservers know it
  await Promise.all(registries.map((each) => each.list(quotas(namespace))))
}

const used = async (namespace: string): Promise<Record<string, string> | undefined> => {
  const { object } = await at(0).registry.get(quotas(namespace), 'q')
  return (object as ResourceQuota).status?.used
}

const create = (index: number, namespace: string, name: string, dryRun = false): Promise<unknown> => {
  const { registry, admission } = at(index)
  return registry.create({ ...maps(namespace), admission, dryRun }, map(name))
}

describe('ResourceQuota admission', () => {
  it('lets in exactly what fits, of many at once on two apiservers', async () => {
    await makeQuota('race', { 'count/configmaps': '25', configmaps: '30' })
    const results = await Promise.allSettled(Array.from({ length: 80 }, (_, i) => create(i % 2, 'race', `m${i}`)))
    const refused = results.filter((result) => result.status === 'rejected').map(({ reason }) => reason as unknown)
    expect(refused.filter((error) => !isForbidden(error))).toEqual([])
    expect(results.length - refused.length).toBe(25)
    expect((await at(0).registry.list(maps('race'))).items.length).toBe(25)
    expect(await used('race')).toEqual({ 'count/configmaps': '25', configmaps: '25' })
  })

  it('says what was too much', async () => {
    await makeQuota('text', { configmaps: '1' })
    await create(0, 'text', 'a')
    const error = await create(0, 'text', 'b').catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(StatusError)
    const { status } = error as StatusError
    expect(status.code).toBe(403)
    expect(status.message).toBe(
      'configmaps "b" is forbidden: exceeded quota: q, requested: configmaps=1, used: configmaps=1, limited: configmaps=1',
    )
  })

  it('refuses a dry run that would not fit and charges one that would nothing', async () => {
    await makeQuota('dry', { configmaps: '1' })
    await create(0, 'dry', 'a', true)
    expect(await used('dry')).toEqual({ configmaps: '0' })
    await create(0, 'dry', 'a')
    await expect(create(0, 'dry', 'b', true)).rejects.toThrow('exceeded quota: q')
  })

  it('asks nothing of a quota that is gone', async () => {
    await makeQuota('gone', { configmaps: '0' })
    await at(1).registry.delete(quotas('gone'), 'q')
    // this apiserver may not have heard of it yet; its write of the quota tells
    await at(0).registry.list(quotas('gone'))
    await create(0, 'gone', 'a')
  })
})
