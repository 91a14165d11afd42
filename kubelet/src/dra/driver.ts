import type * as grpc from '@grpc/grpc-js'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import { loadService, PluginClient, RpcError } from '../plugins/grpc.ts'
import { checkAnswers, type ClaimedDevice, type ClaimInfo } from './claims.ts'

const load = (version: string) =>
  loadService(new URL(`dra-${version}.proto`, import.meta.url), `k8s.io.kubelet.pkg.apis.dra.${version}.DRAPlugin`)

/** By the names that drivers say they have. kubelet/pkg/apis/dra/v1/types.go DRAPluginService */
export const draServices = new Map(['v1', 'v1beta1'].map((version) => [`${version}.DRAPlugin`, load(version)]))

// plugin/dra_plugin.go defaultClientCallTimeout
const limitMs = 45_000

interface Prepared {
  devices: {
    request_names: string[]
    pool_name: string
    device_name: string
    cdi_device_ids: string[]
    share_id?: string
  }[]
  error: string
}

/** Learns of every call: its method with the service, what came of it as Go's gRPC names it, and how long it took. */
export type Called = (method: string, code: string, seconds: number) => void

/** One plugin of a driver. */
// pkg/kubelet/cm/dra/plugin/dra_plugin.go
export class DraDriver {
  readonly endpoint: string
  readonly #client: PluginClient
  readonly #methods: grpc.ServiceDefinition
  readonly #clock: Clock
  readonly #called: Called
  #connected = false

  /** @param changed whether it can be reached has changed */
  constructor(endpoint: string, service: string, clock: Clock, called: Called, changed: () => void) {
    const known = draServices.get(service)
    if (!known) throw new Error(`internal error: unsupported chosen service: "${service}"`)
    this.endpoint = endpoint
    this.#methods = known.service
    this.#clock = clock
    this.#called = called
    this.#client = new PluginClient(known, endpoint, clock)
    this.#client.keepConnected((connected) => {
      if (connected === this.#connected) return
      this.#connected = connected
      changed()
    })
  }

  get connected(): boolean {
    return this.#connected
  }

  /** What it gives of each claim, by the claim's uid. Rejects when it does not give all. */
  async prepare(claims: readonly ClaimInfo[], signal: AbortSignal): Promise<Map<string, ClaimedDevice[]>> {
    const answers = await this.#ask<Prepared>('NodePrepareResources', claims, signal)
    return new Map(
      Object.entries(answers).map(([uid, { devices }]) => [
        uid,
        devices.map((one) => ({
          pool: one.pool_name,
          name: one.device_name,
          shareId: one.share_id,
          requests: one.request_names,
          cdiIds: one.cdi_device_ids,
        })),
      ]),
    )
  }

  /** Rejects when it does not take all of them back. */
  async unprepare(claims: readonly ClaimInfo[], signal: AbortSignal): Promise<void> {
    await this.#ask('NodeUnprepareResources', claims, signal)
  }

  async #ask<T extends { error?: string }>(
    method: string,
    claims: readonly ClaimInfo[],
    signal: AbortSignal,
  ): Promise<Record<string, T>> {
    const request = { claims: claims.map(({ namespace, uid, name }) => ({ namespace, uid, name })) }
    const began = this.#clock.elapsed()
    const called = (code: string): void =>
      this.#called(this.#methods[method]?.path ?? '', code, (this.#clock.elapsed() - began) / 1000)
    const answer = await this.#client
      .call<{ claims?: Record<string, T> }>(method, request, limitMs, signal)
      .catch((error: unknown) => {
        called(error instanceof RpcError ? error.code : 'Canceled')
        signal.throwIfAborted()
        throw new Error(`${method}: ${(error as Error).message}`)
      })
    called('OK')
    const answers = answer.claims ?? {}
    checkAnswers(method, claims, answers)
    return answers
  }

  close(): void {
    this.#client.close()
  }
}
