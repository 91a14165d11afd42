import type { Clock } from '@kubets/shared/machinery/clock.ts'
import { loadService, PluginClient, RpcError } from '../plugins/grpc.ts'
import type { ExpandRequest, PublishRequest, StageRequest, VolumeUsage } from './requests.ts'

/** What a driver says of itself on this node. */
export interface DriverNode {
  nodeId: string
  /** 0: it does not say. */
  maxVolumes: number
  topology: Readonly<Record<string, string>>
}

export type Capability =
  'STAGE_UNSTAGE_VOLUME' | 'GET_VOLUME_STATS' | 'EXPAND_VOLUME' | 'SINGLE_NODE_MULTI_WRITER' | 'VOLUME_MOUNT_GROUP'

const node = loadService(new URL('csi.proto', import.meta.url), 'csi.v1.Node')
// pkg/volume/csi/csi_plugin.go csiTimeout
const limitMs = 2 * 60_000
// what a volume takes is not worth more
const statsLimitMs = 10_000

/** The node service of a storage driver. Every call has two minutes and rejects with an RpcError. */
// pkg/volume/csi/csi_client.go csiDriverClient
export class CsiDriver {
  readonly name: string
  readonly endpoint: string
  /** The highest version of the interface that it has. */
  readonly version: string
  readonly #client: PluginClient

  constructor(name: string, endpoint: string, version: string, clock: Clock) {
    this.name = name
    this.endpoint = endpoint
    this.version = version
    this.#client = new PluginClient(node, endpoint, clock)
  }

  async info(signal: AbortSignal): Promise<DriverNode> {
    interface Answer {
      node_id: string
      max_volumes_per_node: string
      accessible_topology: { segments: Record<string, string> } | null
    }
    const answer = await this.#client.call<Answer>('NodeGetInfo', {}, limitMs, signal)
    return {
      nodeId: answer.node_id,
      maxVolumes: Number(answer.max_volumes_per_node),
      topology: answer.accessible_topology?.segments ?? {},
    }
  }

  /** What it can do besides publishing volumes. */
  async capabilities(signal: AbortSignal): Promise<ReadonlySet<Capability>> {
    interface Answer {
      capabilities: { rpc?: { type: Capability } | null }[]
    }
    const { capabilities } = await this.#client.call<Answer>('NodeGetCapabilities', {}, limitMs, signal)
    return new Set(capabilities.flatMap(({ rpc }) => (rpc ? [rpc.type] : [])))
  }

  async stage(request: StageRequest, signal: AbortSignal): Promise<void> {
    await this.#client.call('NodeStageVolume', request, limitMs, signal)
  }

  async publish(request: PublishRequest, signal: AbortSignal): Promise<void> {
    await this.#client.call('NodePublishVolume', request, limitMs, signal)
  }

  async unpublish(handle: string, target: string, signal: AbortSignal): Promise<void> {
    const request = { volume_id: handle, target_path: target }
    await this.#client.call('NodeUnpublishVolume', request, limitMs, signal)
  }

  async unstage(handle: string, staging: string, signal: AbortSignal): Promise<void> {
    const request = { volume_id: handle, staging_target_path: staging }
    await this.#client.call('NodeUnstageVolume', request, limitMs, signal)
  }

  async expand(request: ExpandRequest, signal: AbortSignal): Promise<void> {
    await this.#client.call('NodeExpandVolume', request, limitMs, signal)
  }

  /** What the volume takes, in each unit that the driver knows of. */
  async usage(handle: string, place: string, signal: AbortSignal): Promise<readonly VolumeUsage[]> {
    const request = { volume_id: handle, volume_path: place }
    const { usage } = await this.#client.call<{ usage?: VolumeUsage[] }>(
      'NodeGetVolumeStats',
      request,
      statsLimitMs,
      signal,
    )
    return usage ?? []
  }

  close(): void {
    this.#client.close()
  }
}

const undecided = ['Canceled', 'DeadlineExceeded', 'Unavailable', 'ResourceExhausted', 'Aborted']

/** Whether after this error the driver has done nothing and goes on doing nothing. */
// pkg/volume/csi/csi_client.go isFinalError
export const isFinal = (error: unknown): boolean => error instanceof RpcError && !undecided.includes(error.code)
