import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { nodes } from '@kubets/shared/api/resources.gen.ts'
import { silentLogger as log } from '@kubets/shared/machinery/logger.ts'
import { startApiServer } from '@kubets/shared/testing/apiserver.ts'
import { realClock as clock } from '@kubets/shared/testing/real-clock.ts'
import { waitFor } from '@kubets/shared/testing/wait.ts'
import { nothingReserved } from '../cgroups/allocatable.ts'
import type { Pressure } from '../eviction/thresholds.ts'
import { testRuntime } from '../runtime/docker/runtime.testing.ts'
import { readMachine } from './machine.ts'
import { NodeRegistration } from './registration.ts'

const name = 'registered'

describe('NodeRegistration', () => {
  let api: Awaited<ReturnType<typeof startApiServer>>
  const stopping = new AbortController()
  let running: Promise<void>
  let pressure: Pressure[] = []
  let shuttingDown = false
  let storage: string | undefined = 'CSINode is not yet initialized'
  const said: string[] = []
  let registration: NodeRegistration
  beforeAll(async () => {
    api = await startApiServer()
    const runtime = testRuntime(name)
    registration = new NodeRegistration({
      client: api.client,
      runtime,
      clock,
      log,
      name,
      ips: ['192.0.2.1'],
      port: 10250,
      maxPods: 110,
      reservation: nothingReserved,
      staticCpus: false,
      taints: [{ key: 'new', effect: 'NoSchedule' }],
      devices: () => ({ capacity: {}, allocatable: {}, removed: [] }),
      machine: await readMachine('/'),
      pressure: () => pressure,
      recorder: { event: (_about, _type, reason, message) => said.push(`${reason}: ${message}`) },
      volumesInUse: () => [],
      shuttingDown: () => shuttingDown,
      networkProblem: () => undefined,
      storageProblem: () => storage,
      podCidr: () => Promise.resolve(),
    })
    running = registration.run(stopping.signal)
  })
  afterAll(async () => {
    stopping.abort()
    await running
    await api.stop()
  })

  it('is ready when the node is ready for everything', async () => {
    const ready = async () => {
      const node = await api.client.get(nodes, name).catch(() => undefined)
      return node?.status?.conditions?.find(({ type }) => type === 'Ready')
    }
    const first = await waitFor(ready)
    expect(first).toMatchObject({ status: 'False', reason: 'KubeletNotReady', message: storage })
    storage = undefined
    await waitFor(async () => (await ready())?.status === 'True')
  })

  it('tells what the node can, and nothing twice', async () => {
    const find = () => api.client.get(nodes, name).catch(() => undefined)
    const node = await waitFor(async () => {
      const found = await find()
      const ready = found?.status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True')
      return ready ? found : undefined
    })
    const features = { recursiveReadOnlyMounts: false, userNamespaces: false }
    expect(node.status?.runtimeHandlers).toContainEqual({ name: '', features })
    expect(node.status?.runtimeHandlers).toContainEqual({ name: 'runc', features })
    expect(node.metadata.annotations).toMatchObject({
      'volumes.kubernetes.io/controller-managed-attach-detach': 'true',
    })
    expect(node.spec.taints).toContainEqual({ key: 'new', effect: 'NoSchedule' })
    expect(node.status?.features).toEqual({ supplementalGroupsPolicy: false })
    expect(node.status?.declaredFeatures).toEqual([
      'GuaranteedQoSPodCPUResize',
      'InPlacePodLevelResourcesVerticalScaling',
      'RestartAllContainersOnContainerExits',
    ])
    // whoever writes has the next version, but when others on the machine make an image meanwhile
    let times = 0
    await waitFor(async () => {
      registration.poke()
      const body = { metadata: { labels: { looked: String(++times) } } }
      const next = await api.client.patch(nodes, name, body, { type: 'merge' })
      registration.poke()
      return (await find())?.metadata.resourceVersion === next.metadata.resourceVersion
    })
  })

  it('tells what the node is short of, and says when that changes', async () => {
    const before = ['NodeHasSufficientMemory', 'NodeHasNoDiskPressure', 'NodeHasSufficientPID', 'NodeReady']
    const status = (reason: string): string => `${reason}: Node ${name} status is now: ${reason}`
    expect(said).toEqual(['Starting: Starting kubelet.', ...before.map(status)])
    pressure = ['DiskPressure']
    registration.poke()
    const condition = await waitFor(async () => {
      const { status: now } = await api.client.get(nodes, name)
      return now?.conditions?.find((one) => one.type === 'DiskPressure' && one.status === 'True')
    })
    expect(condition).toMatchObject({ reason: 'KubeletHasDiskPressure', message: 'kubelet has disk pressure' })
    await waitFor(() => said.length > before.length + 1)
    expect(said.slice(before.length + 1)).toEqual([status('NodeHasDiskPressure')])
  })

  it('says when it may have Pods no more, and again, and that its machine has started again', async () => {
    const { bootID } = (await readMachine('/')).info
    const next = async (change: () => Promise<unknown>): Promise<readonly string[]> => {
      const known = said.length
      await change()
      registration.poke()
      await waitFor(() => said.length > known)
      return said.slice(known)
    }
    const cordon = (unschedulable: boolean) => () =>
      api.client.patch(nodes, name, { spec: { unschedulable } }, { type: 'merge' })
    expect(await next(cordon(true))).toEqual([`NodeNotSchedulable: Node ${name} status is now: NodeNotSchedulable`])
    expect(await next(cordon(false))).toEqual([`NodeSchedulable: Node ${name} status is now: NodeSchedulable`])
    const body = { status: { nodeInfo: { bootID: 'another' } } }
    const boot = () => api.client.patch(nodes, name, body, { type: 'merge', subresource: 'status' })
    expect(await next(boot)).toEqual([`Rebooted: Node ${name} has been rebooted, boot id: ${bootID}`])
    expect((await api.client.get(nodes, name)).status?.nodeInfo?.bootID).toBe(bootID)
  })

  it('is not ready while it shuts down', async () => {
    shuttingDown = true
    registration.poke()
    const condition = await waitFor(async () => {
      const { status } = await api.client.get(nodes, name)
      return status?.conditions?.find((one) => one.type === 'Ready' && one.status === 'False')
    })
    expect(condition).toMatchObject({ reason: 'KubeletNotReady', message: 'node is shutting down' })
    await waitFor(() => said.at(-1) === `NodeNotReady: Node ${name} status is now: NodeNotReady`)
  })
})
