import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import Docker from 'dockerode'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pods } from '@kubets/shared/api/resources.gen.ts'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { waitFor } from '@kubets/shared/testing/wait.ts'
import { startTestNode, type TestNode } from '../pods/node.testing.ts'
import { serveDevicePlugin, type TestDevicePlugin } from './plugin.testing.ts'

const resource = 'example.com/thing'

describe('a node with a device plugin', () => {
  let node: TestNode
  let plugin: TestDevicePlugin
  let folder = ''

  beforeAll(async () => {
    node = await startTestNode({ cpu: '8', memory: '8Gi', pods: '110', [resource]: '3' })
    folder = path.join(node.rootDir, 'device-plugins')
    const library = path.join(node.rootDir, 'library')
    await mkdir(library)
    await writeFile(path.join(library, 'file'), 'of the plugin')
    plugin = await serveDevicePlugin(folder, {
      resource,
      options: { pre_start_required: true, get_preferred_allocation_available: true },
      allocate: (ids) =>
        ids.includes('cdi')
          ? { cdi_devices: [{ name: 'example.com/thing=cdi' }] }
          : {
              envs: { THINGS: ids.join(',') },
              mounts: [{ container_path: '/lib/thing', host_path: library, read_only: true }],
              devices: [{ container_path: '/dev/thing', host_path: '/dev/null', permissions: 'rw' }],
              annotations: { thing: 'yes' },
            },
    })
  })
  afterAll(async () => {
    plugin.stop()
    await node.stop()
  })

  const amounts = () => {
    const { capacity, allocatable } = node.devices.capacity()
    return [capacity[resource], allocatable[resource]]
  }
  const wanting = (count: number, command = ['sleep', '1000000']) => ({
    containers: [{ name: 'main', command, resources: { limits: { [resource]: String(count) } } }],
  })
  const running = (pod: Pod) => pod.status?.phase === 'Running'
  const failed = (pod: Pod) => pod.status?.phase === 'Failed'
  const idOf = ({ status }: Pod): string => status?.containerStatuses?.[0]?.containerID?.replace('docker://', '') ?? ''
  const checkpoint = () => readFile(path.join(folder, 'kubelet_internal_checkpoint'), 'utf8')

  it('takes a plugin that speaks its language', async () => {
    await expect(plugin.register('v1alpha')).rejects.toThrow(
      'requested API version "v1alpha" is not supported by kubelet. Supported version is ["v1beta1"]',
    )
    await plugin.register()
    plugin.list({ a: true, b: true, sick: false })
    await waitFor(() => amounts()[0] === '3')
    expect(amounts()).toEqual(['3', '2'])
    expect(node.devices.handler.validate('example.com/x', '', ['v1beta1'])).toBeUndefined()
    expect(() => node.devices.handler.validate('cpu', '', ['v1beta1'])).toThrow('the ResourceName "cpu" is invalid')
  })

  it('gives a container the device that the plugin prefers, with all that belongs to it', async () => {
    await node.run('one', wanting(1))
    const pod = await node.until('one', running)
    const { Config, HostConfig } = await new Docker().getContainer(idOf(pod)).inspect()
    expect(Config.Env).toContain('THINGS=b')
    expect(HostConfig.Devices).toEqual([
      { PathOnHost: '/dev/null', PathInContainer: '/dev/thing', CgroupPermissions: 'rw' },
    ])
    expect(HostConfig.Binds).toContain(`${path.join(node.rootDir, 'library')}:/lib/thing:ro`)
    expect(Object.entries(Config.Labels).filter(([key]) => key.endsWith('thing'))).toHaveLength(1)
    expect(plugin.asked).toEqual([
      { method: 'GetPreferredAllocation', ids: ['a', 'b'] },
      { method: 'Allocate', ids: ['b'] },
      { method: 'PreStartContainer', ids: ['b'] },
    ])
    expect(JSON.parse(await checkpoint())).toMatchObject({
      Data: { PodDeviceEntries: [{ PodUID: pod.metadata.uid, ResourceName: resource, DeviceIDs: { '-1': ['b'] } }] },
    })
  })

  it('refuses what it has not, and CDI devices that nobody has', async () => {
    await node.run('more', wanting(2))
    const more = await node.until('more', failed)
    const lacks = `requested number of devices unavailable for ${resource}. Requested: 2, Available: 1`
    const rejected = (why: string) => ({
      reason: 'UnexpectedAdmissionError',
      message: `Pod was rejected: Allocate failed due to ${why}, which is unexpected`,
    })
    expect(more.status).toMatchObject(rejected(lacks))
    plugin.list({ b: true, cdi: true })
    await waitFor(() => amounts()[0] === '2')
    await node.run('cdi', wanting(1))
    const waits = await node.until('cdi', (pod) => pod.status?.containerStatuses?.[0]?.state?.waiting?.message)
    expect(waits.status?.containerStatuses?.[0]?.state?.waiting).toEqual({
      reason: 'CreateContainerError',
      message: 'CDI device injection failed: unresolvable CDI devices example.com/thing=cdi',
    })
    await node.client.delete(pods, 'cdi', { namespace: 'default', gracePeriodSeconds: 0 })
    await waitFor(() => !node.manager.occupied()?.some((pod) => pod.metadata.name === 'cdi'))
    plugin.list({ a: true, b: true })
    await waitFor(async () => (await checkpoint()).includes('"a"'))
  })

  it('has a device again when its Pod is gone', async () => {
    await node.run('two', wanting(1))
    await node.until('two', running)
    await node.run('three', wanting(1))
    await node.until('three', failed)
    await node.client.delete(pods, 'two', { namespace: 'default', gracePeriodSeconds: 0 })
    await waitFor(() => !node.manager.occupied()?.some((pod) => pod.metadata.name === 'two'))
    await node.run('four', wanting(1, ['cat', '/lib/thing/file', '/dev/thing']))
    await node.until('four', (pod) => pod.status?.containerStatuses?.[0]?.lastState?.terminated?.exitCode === 0)
  })

  it('knows of the devices of a plugin that is gone, but gives none', async () => {
    plugin.stop()
    await waitFor(() => amounts()[1] === '0')
    expect(amounts()).toEqual(['2', '0'])
    await node.run('late', wanting(1))
    const why = `no healthy devices present; cannot allocate unhealthy devices ${resource}`
    const late = await node.until('late', failed)
    expect(late.status?.message).toBe(`Pod was rejected: Allocate failed due to ${why}, which is unexpected`)
    expect((await node.get('one')).status?.phase).toBe('Running')
  })
})
