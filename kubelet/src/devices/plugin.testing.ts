import path from 'node:path'
import type * as grpc from '@grpc/grpc-js'
import { realClock as clock } from '@kubets/shared/testing/real-clock.ts'
import { PluginClient } from '../plugins/grpc.ts'
import { serveOn } from '../plugins/plugin.testing.ts'
import { apiVersion, devicePlugin, registration } from './api.ts'
import type { ContainerResponse } from './model.ts'

/** How a device plugin for tests answers. */
export interface TestPluginOptions {
  resource: string
  options?: { pre_start_required?: boolean; get_preferred_allocation_available?: boolean }
  /** What a container needs for these devices. */
  allocate(ids: readonly string[]): ContainerResponse
}

/** A device plugin on a socket of its own in the kubelet's folder. */
export interface TestDevicePlugin {
  /** What it was asked, in this order. */
  asked: { method: string; ids: readonly string[] }[]
  /** Says which devices there are, by whether they are healthy. */
  list(devices: Record<string, boolean>): void
  /** Announces itself to the kubelet. Rejects with what the kubelet says. */
  register(version?: string): Promise<void>
  stop(): void
}

export async function serveDevicePlugin(folder: string, how: TestPluginOptions): Promise<TestDevicePlugin> {
  const asked: TestDevicePlugin['asked'] = []
  const streams = new Set<grpc.ServerWritableStream<object, object>>()
  let listed: object = { devices: [] }
  type Unary = grpc.handleUnaryCall<{ container_requests: Record<string, string[]>[]; devices_ids: string[] }, object>
  const allocate: Unary = ({ request }, answer) => {
    const ids = request.container_requests[0]?.['devices_ids'] ?? []
    asked.push({ method: 'Allocate', ids })
    answer(null, { container_responses: [how.allocate(ids)] })
  }
  const preferred: Unary = ({ request }, answer) => {
    const available = request.container_requests[0]?.['available_deviceIDs'] ?? []
    asked.push({ method: 'GetPreferredAllocation', ids: available.toSorted() })
    answer(null, { container_responses: [{ deviceIDs: available.toSorted().slice(-1) }] })
  }
  const preStart: Unary = ({ request }, answer) => {
    asked.push({ method: 'PreStartContainer', ids: request.devices_ids })
    answer(null, {})
  }
  const endpoint = `${how.resource.replace('/', '-')}.sock`
  const server = await serveOn(path.join(folder, endpoint), [
    [
      devicePlugin,
      {
        GetDevicePluginOptions: ((_, answer) => answer(null, how.options ?? {})) satisfies Unary,
        ListAndWatch: (stream: grpc.ServerWritableStream<object, object>) => {
          streams.add(stream)
          stream.on('close', () => streams.delete(stream))
          stream.write(listed)
        },
        GetPreferredAllocation: preferred,
        Allocate: allocate,
        PreStartContainer: preStart,
      },
    ],
  ])
  return {
    asked,
    list: (devices) => {
      const all = Object.entries(devices)
      listed = { devices: all.map(([ID, healthy]) => ({ ID, health: healthy ? 'Healthy' : 'Unhealthy' })) }
      for (const stream of streams) stream.write(listed)
    },
    register: async (version = apiVersion) => {
      const client = new PluginClient(registration, path.join(folder, 'kubelet.sock'), clock)
      try {
        const request = { version, endpoint, resource_name: how.resource, options: how.options ?? {} }
        await client.call('Register', request, 10_000, new AbortController().signal)
      } finally {
        client.close()
      }
    },
    stop: () => server.stop(),
  }
}
