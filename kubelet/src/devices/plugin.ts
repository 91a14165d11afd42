// One device plugin. pkg/kubelet/cm/devicemanager/plugin/v1beta1/client.go, endpoint.go
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import { PluginClient } from '../plugins/grpc.ts'
import { devicePlugin } from './api.ts'
import type { ContainerResponse, Device } from './model.ts'

const dialMs = 10_000
const preStartMs = 30_000
const allocateMs = 120_000

interface Options {
  pre_start_required: boolean
  get_preferred_allocation_available: boolean
}

interface ListedDevice {
  ID: string
  health: string
  topology: { nodes: readonly { ID: string }[] } | null
}

/** A plugin that is connected. What it is asked rejects with an RpcError. */
export class DevicePlugin {
  readonly #client: PluginClient
  readonly #ended = new AbortController()
  readonly #options: Options

  private constructor(client: PluginClient, options: Options) {
    this.#client = client
    this.#options = options
  }

  /** Connects to the plugin on a socket. Rejects when it does not answer. */
  static async connect(socket: string, clock: Clock, signal: AbortSignal): Promise<DevicePlugin> {
    const client = new PluginClient(devicePlugin, socket, clock)
    try {
      const options = await client.call<Options>('GetDevicePluginOptions', {}, dialMs, signal)
      return new DevicePlugin(client, options)
    } catch (error) {
      client.close()
      throw new Error(`failed to get device plugin options: ${(error as Error).message}`)
    }
  }

  /** Follows what it says of its devices, until it ends. */
  async run(take: (devices: Device[]) => void, signal: AbortSignal): Promise<void> {
    const over = AbortSignal.any([signal, this.#ended.signal])
    const told = ({ devices }: { devices: readonly ListedDevice[] }): void => take(devices.map(deviceOf))
    try {
      await this.#client.follow('ListAndWatch', {}, told, over)
    } finally {
      this.#client.close()
    }
  }

  /** Whether it wants to know of each start of a container with its devices. */
  get wantsPreStart(): boolean {
    return this.#options.pre_start_required
  }

  /** Which devices it would rather give; none when it does not say. */
  async preferred(available: Iterable<string>, included: Iterable<string>, size: number, signal: AbortSignal) {
    if (!this.#options.get_preferred_allocation_available) return []
    const asked = {
      available_deviceIDs: [...available],
      must_include_deviceIDs: [...included],
      allocation_size: size,
    }
    const request = { container_requests: [asked] }
    const answer = await this.#client.call<{ container_responses: { deviceIDs: string[] }[] }>(
      'GetPreferredAllocation',
      request,
      allocateMs,
      signal,
    )
    return answer.container_responses[0]?.deviceIDs ?? []
  }

  /** What a container needs that gets these devices; undefined when it does not say. */
  async allocate(ids: readonly string[], signal: AbortSignal): Promise<ContainerResponse | undefined> {
    const request = { container_requests: [{ devices_ids: ids }] }
    const answer = await this.#client.call<{ container_responses: ContainerResponse[] }>(
      'Allocate',
      request,
      allocateMs,
      signal,
    )
    return answer.container_responses[0]
  }

  /** A container with these devices is about to start. */
  async preStart(ids: readonly string[], signal: AbortSignal): Promise<void> {
    await this.#client.call('PreStartContainer', { devices_ids: ids }, preStartMs, signal)
  }

  /** Ends the connection: another one took its place, or its socket is gone. */
  stop(): void {
    this.#ended.abort(new Error('the plugin is let go'))
  }
}

const deviceOf = ({ ID, health, topology }: ListedDevice): Device => ({
  id: ID,
  healthy: health === 'Healthy',
  nodes: (topology?.nodes ?? []).map((node) => Number(node.ID)),
})
