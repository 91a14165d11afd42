import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { realClock as clock } from '@kubets/shared/testing/real-clock.ts'
import { PluginClient } from '../plugins/grpc.ts'
import { podResourcesLister, servePodResources, type PodResourcesSource } from './server.ts'

const gpu = 'example.com/gpu'
const pod: Pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'default', uid: 'u' },
  spec: {
    initContainers: [{ name: 'init' }, { name: 'side', restartPolicy: 'Always' }],
    containers: [{ name: 'main' }],
  },
}
const source: PodResourcesSource = {
  pods: () => [pod],
  devices: (podUid, container) =>
    container === 'main'
      ? [
          {
            podUid,
            container,
            resource: gpu,
            devices: new Map([
              [-1, ['a']],
              [0, ['b']],
              [1, ['b']],
            ]),
            response: {},
          },
        ]
      : [],
  allocatableDevices: () => new Map([[gpu, [{ id: 'a', healthy: true, nodes: [] }]]]),
  cpus: (_, container) => (container === 'side' ? [1, 3] : []),
  allocatableCpus: () => [1, 2, 3],
}

describe('what Pods have alone', () => {
  const stopping = new AbortController()
  let folder = ''
  let client: PluginClient

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'kubets-podres-'))
    await servePodResources(folder, source, stopping.signal)
    client = new PluginClient(podResourcesLister, path.join(folder, 'pod-resources/kubelet.sock'), clock)
  })
  afterAll(async () => {
    client.close()
    stopping.abort()
    await rm(folder, { recursive: true })
  })

  const ask = (method: string, request: object = {}) => client.call(method, request, 10_000, stopping.signal)
  const a = { resource_name: gpu, device_ids: ['a'], topology: null }
  const b = (node: number) => ({ resource_name: gpu, device_ids: ['b'], topology: { nodes: [{ ID: String(node) }] } })
  const web = {
    name: 'web',
    namespace: 'default',
    containers: [
      { name: 'side', devices: [], cpu_ids: ['1', '3'] },
      { name: 'main', devices: [a, b(0), b(1)], cpu_ids: [] },
    ],
  }

  it('is told of all, of one, and of the node', async () => {
    expect(await ask('List')).toEqual({ pod_resources: [web] })
    expect(await ask('Get', { pod_name: 'web', pod_namespace: 'default' })).toEqual({ pod_resources: web })
    expect(await ask('GetAllocatableResources')).toEqual({ devices: [a], cpu_ids: ['1', '2', '3'] })
    await expect(ask('Get', { pod_name: 'x', pod_namespace: 'default' })).rejects.toThrow(
      'rpc error: code = Unknown desc = pod x in namespace default not found',
    )
  })
})
