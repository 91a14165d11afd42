import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { configMaps, pods, replicationControllers, resourceQuotas, services } from '@kubets/shared/api/resources.gen.ts'
import type { Pod, ReplicationController, ResourceQuota, Service } from '@kubets/shared/api/types/core-v1.ts'
import { waitFor } from '@kubets/shared/testing/wait.ts'
import { startTestManager } from '../manager.testing.ts'
import type { TestManager } from '../manager.testing.ts'

let manager: TestManager
beforeAll(async () => {
  manager = await startTestManager()
})
afterAll(() => manager.stop())

const quota = (hard: Record<string, string>): ResourceQuota => ({
  apiVersion: 'v1',
  kind: 'ResourceQuota',
  metadata: { name: 'q' },
  spec: { hard },
})
const template = { metadata: { labels: { app: 'a' } }, spec: { containers: [{ name: 'c', image: 'i' }] } }
const pod = (name: string): Pod => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: template.spec })
const service = (type: string): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 's' },
  spec: { type, ports: [{ port: 80 }] },
})

const waitForUsed = async (namespace: string, used: Record<string, string>): Promise<void> => {
  let seen: unknown
  try {
    await waitFor(async () => {
      const { status } = await manager.client.get(resourceQuotas, 'q', { namespace })
      seen = status?.used
      return Object.entries(used).every(([name, value]) => status?.used?.[name] === value)
    })
  } catch {
    expect(seen).toEqual(used)
  }
}

const makeQuota = async (namespace: string, hard: Record<string, string>): Promise<void> => {
  await manager.makeNamespace(namespace)
  await manager.client.create(resourceQuotas, quota(hard), { namespace })
  await waitFor(async () => {
    const { status } = await manager.client.get(resourceQuotas, 'q', { namespace })
    return Object.keys(hard).every((name) => status?.used?.[name] !== undefined)
  })
}

describe('ResourceQuota, admission and controller together', () => {
  it('follows Pods as they come, end and go', async () => {
    const namespace = 'pods'
    await makeQuota(namespace, { pods: '2', 'count/pods': '9' })
    await waitForUsed(namespace, { pods: '0', 'count/pods': '0' })
    for (const name of ['a', 'b']) await manager.client.create(pods, pod(name), { namespace })
    await waitForUsed(namespace, { pods: '2', 'count/pods': '2' })
    await expect(manager.client.create(pods, pod('c'), { namespace })).rejects.toThrow(
      'pods "c" is forbidden: exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2',
    )
    const ended = { status: { phase: 'Succeeded' } }
    await manager.client.patch(pods, 'a', ended, { type: 'strategic', namespace, subresource: 'status' })
    await waitForUsed(namespace, { pods: '1', 'count/pods': '2' })
    await manager.client.delete(pods, 'a', { namespace, gracePeriodSeconds: 0 })
    await waitForUsed(namespace, { pods: '1', 'count/pods': '1' })
  })

  it('counts what a Pod holds until it is resized, and takes one that asks for its whole', async () => {
    const namespace = 'resized'
    await makeQuota(namespace, { 'requests.cpu': '3' })
    const asking = (cpu: string) => ({ containers: [{ name: 'c', image: 'i', resources: { requests: { cpu } } }] })
    await manager.client.create(pods, { ...pod('a'), spec: asking('2') }, { namespace })
    const give = async (cpu: string): Promise<void> => {
      const had = {
        name: 'c',
        ready: true,
        restartCount: 0,
        image: 'i',
        imageID: 'i',
        resources: { requests: { cpu } },
      }
      const status = { phase: 'Running', containerStatuses: [had] }
      await manager.client.patch(pods, 'a', { status }, { type: 'strategic', namespace, subresource: 'status' })
    }
    await give('2')
    await manager.client.patch(
      pods,
      'a',
      { spec: asking('1') },
      { type: 'strategic', namespace, subresource: 'resize' },
    )
    await waitForUsed(namespace, { 'requests.cpu': '2' })
    const whole = { containers: [{ name: 'c', image: 'i' }], resources: { requests: { cpu: '2' } } }
    await expect(manager.client.create(pods, { ...pod('b'), spec: whole }, { namespace })).rejects.toThrow(
      'exceeded quota: q, requested: requests.cpu=2, used: requests.cpu=2, limited: requests.cpu=3',
    )
    await give('1')
    await waitForUsed(namespace, { 'requests.cpu': '1' })
    await manager.client.create(pods, { ...pod('b'), spec: whole }, { namespace })
    await waitForUsed(namespace, { 'requests.cpu': '3' })
  })

  it('moves a Pod that gets a deadline to the quota for such', async () => {
    const namespace = 'scoped'
    await manager.makeNamespace(namespace)
    const spec = { hard: { pods: '1' }, scopes: ['Terminating'] }
    await manager.client.create(resourceQuotas, { ...quota({}), spec }, { namespace })
    await waitForUsed(namespace, { pods: '0' })
    const limit = (name: string) =>
      manager.client.patch(pods, name, { spec: { activeDeadlineSeconds: 9 } }, { type: 'merge', namespace })
    for (const name of ['a', 'b']) await manager.client.create(pods, pod(name), { namespace })
    await limit('a')
    await waitForUsed(namespace, { pods: '1' })
    await expect(limit('b')).rejects.toThrow('exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1')
  })

  it('follows the type of a Service', async () => {
    const namespace = 'services'
    await makeQuota(namespace, { services: '1', 'services.nodeports': '1' })
    await manager.client.create(services, service('NodePort'), { namespace })
    await waitForUsed(namespace, { services: '1', 'services.nodeports': '1' })
    const change = { spec: { type: 'ClusterIP', ports: [{ port: 80, nodePort: null }] } }
    await manager.client.patch(services, 's', change, { type: 'strategic', namespace })
    await waitForUsed(namespace, { services: '1', 'services.nodeports': '0' })
    await manager.client.delete(services, 's', { namespace })
    await waitForUsed(namespace, { services: '0', 'services.nodeports': '0' })
  })

  it('counts objects of any kind', async () => {
    const namespace = 'counted'
    await makeQuota(namespace, { 'count/configmaps': '9', 'count/leases.coordination.k8s.io': '1' })
    // the namespace may have a ConfigMap of its own
    const { items } = await manager.client.list(configMaps, { namespace })
    const before = items.length
    await manager.client.create(
      configMaps,
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'm' } },
      { namespace },
    )
    await waitForUsed(namespace, { 'count/configmaps': `${before + 1}`, 'count/leases.coordination.k8s.io': '0' })
    await manager.client.delete(configMaps, 'm', { namespace })
    await waitForUsed(namespace, { 'count/configmaps': `${before}` })
  })

  it('takes another limit at once', async () => {
    const namespace = 'changed'
    await makeQuota(namespace, { pods: '0' })
    const hard = { pods: '1', secrets: '5' }
    await manager.client.patch(resourceQuotas, 'q', { spec: { hard } }, { type: 'merge', namespace })
    await waitFor(async () => {
      const { status } = await manager.client.get(resourceQuotas, 'q', { namespace })
      return status?.hard?.['pods'] === '1' && status.used?.['secrets'] === '0'
    })
    await manager.client.create(pods, pod('a'), { namespace })
  })

  it('makes a ReplicationController say why it has too few Pods, until it may have them', async () => {
    const namespace = 'replicas'
    await makeQuota(namespace, { pods: '1' })
    const rc: ReplicationController = {
      apiVersion: 'v1',
      kind: 'ReplicationController',
      metadata: { name: 'rc' },
      spec: { replicas: 2, selector: { app: 'a' }, template },
    }
    await manager.client.create(replicationControllers, rc, { namespace })
    const failure = async () => {
      const { status } = await manager.client.get(replicationControllers, 'rc', { namespace })
      return status?.conditions?.find(({ type }) => type === 'ReplicaFailure')
    }
    await waitFor(async () => (await failure()) !== undefined)
    const condition = await failure()
    expect(condition).toMatchObject({ status: 'True', reason: 'FailedCreate' })
    expect(condition?.message).toMatch(
      /^pods "rc-[a-z0-9]{5}" is forbidden: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1$/,
    )
    await manager.client.patch(replicationControllers, 'rc', { spec: { replicas: 1 } }, { type: 'merge', namespace })
    await waitFor(async () => (await failure()) === undefined)
  })
})
