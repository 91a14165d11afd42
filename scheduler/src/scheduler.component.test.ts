import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { events, nodes, pods, serviceAccounts } from '@kubets/shared/api/resources.gen.ts'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { startApiServer } from '@kubets/shared/testing/apiserver.ts'
import { waitFor } from '@kubets/shared/testing/wait.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { node, pod } from './cases.ts'

let api: Awaited<ReturnType<typeof startApiServer>>
let scheduler: ChildProcess

async function start(): Promise<ChildProcess> {
  const kubeconfig = await api.kubeconfig('system:kube-scheduler')
  const args = [join(import.meta.dirname, 'main.ts'), `--kubeconfig=${kubeconfig}`, '--bind-address=127.0.0.1']
  return spawn(process.execPath, [...args, '--secure-port=0'], { stdio: ['ignore', 'ignore', 'inherit'] })
}

/** Creates what a table case describes, without what only the server may set. */
async function createPod(spec: Pod): Promise<void> {
  const { uid: _, ...metadata } = spec.metadata
  await api.client.create(pods, { ...spec, metadata })
}
const podNamed = (name: string): Promise<Pod> => api.client.get(pods, name, { namespace: 'default' })
const nodeOf = (name: string): Promise<string> => waitFor(async () => (await podNamed(name)).spec.nodeName, 10_000)
const condition = async (name: string) =>
  (await podNamed(name)).status?.conditions?.find(({ type }) => type === 'PodScheduled')
const eventMessage = (name: string, reason: string): Promise<string> =>
  waitFor(async () => {
    const { items } = await api.client.list(events, { namespace: 'default' })
    return items.find((event) => event.involvedObject.name === name && event.reason === reason)?.message
  }, 10_000)

async function createNode(name: string, cpu: string): Promise<void> {
  const { status, ...rest } = node(name, { cpu })
  await api.client.create(nodes, rest)
  await api.client.patch(nodes, name, { status }, { type: 'merge', subresource: 'status' })
  // nobody here makes nodes ready
  await api.client.patch(nodes, name, { spec: { taints: null } }, { type: 'merge' })
}

beforeAll(async () => {
  api = await startApiServer()
  // what a controller would do
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace: 'default' } }
  await api.client.create(serviceAccounts, account)
  await createNode('a', '2')
  scheduler = await start()
})

afterAll(async () => {
  scheduler?.kill('SIGKILL')
  await api?.stop()
})

describe('kube-scheduler on a real apiserver', () => {
  it('binds a Pod and says so', async () => {
    await createPod(pod('p1', { cpu: '1' }))
    expect(await nodeOf('p1')).toBe('a')
    expect(await eventMessage('p1', 'Scheduled')).toBe('Successfully assigned default/p1 to a')
    expect(await condition('p1')).toMatchObject({ status: 'True' })
  })

  it('says why a Pod waits, and binds it when a node comes', async () => {
    await createPod(pod('p2', { cpu: '1500m' }))
    const message =
      '0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: ' +
      '1 No preemption victims found for incoming pod.'
    expect(await eventMessage('p2', 'FailedScheduling')).toBe(message)
    const found = await waitFor(() => condition('p2'), 10_000)
    expect(found).toMatchObject({ status: 'False', reason: 'Unschedulable', message })
    await createNode('b', '4')
    expect(await nodeOf('p2')).toBe('b')
  })

  it('binds a waiting Pod when another one goes', async () => {
    await createPod(pod('p3', { cpu: '4' }))
    await eventMessage('p3', 'FailedScheduling')
    await api.client.delete(pods, 'p2', { namespace: 'default', gracePeriodSeconds: 0 })
    expect(await nodeOf('p3')).toBe('b')
  })

  it('goes on where it stopped after a crash, and binds nothing twice', async () => {
    scheduler.kill('SIGTERM')
    await once(scheduler, 'exit')
    await createPod(pod('p4'))
    scheduler = await start()
    expect(['a', 'b']).toContain(await nodeOf('p4'))
    expect(await nodeOf('p1')).toBe('a')
  })

  it('leaves Pods of another scheduler alone', async () => {
    await createPod(pod('p5', { spec: { schedulerName: 'mine' } }))
    await createPod(pod('p6'))
    await nodeOf('p6')
    expect((await podNamed('p5')).spec.nodeName).toBeUndefined()
  })
})
