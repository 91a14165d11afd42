import { resourceSlices } from '@kubets/shared/api/resources.gen.ts'
import type { Client } from '@kubets/shared/client/client.ts'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import type { Logger } from '@kubets/shared/machinery/logger.ts'

export interface NodeSlicesOptions {
  client: Client
  nodeName: string
  clock: Clock
  log: Logger
  lifetime: AbortSignal
}

// manager.go defaultWipingDelay: time enough for a driver to be exchanged
const goneForMs = 30_000
// plugin/dra_plugin_manager.go wipeResourceSlices
const [firstRetryMs, longestRetryMs] = [1000, 5 * 60_000]

/**
 * Takes away what the node offers of drivers that are not there, so that no Pod is sent here for it: of all when the kubelet
 * begins, as none has registered yet, later of one that could not be reached for 30 seconds.
 */
// pkg/kubelet/cm/dra/plugin/dra_plugin_manager.go sync, wipeResourceSlices
export class NodeSlices {
  readonly #options: NodeSlicesOptions
  readonly #pending = new Map<string, () => void>()

  constructor(options: NodeSlicesOptions) {
    this.#options = options
  }

  /** Whether the driver can be used may have changed. */
  sync(driver: string, usable: boolean): void {
    if (usable) {
      this.#pending.get(driver)?.()
      this.#pending.delete(driver)
      return
    }
    if (this.#pending.has(driver) || this.#options.lifetime.aborted) return
    const stopping = new AbortController()
    const signal = AbortSignal.any([stopping.signal, this.#options.lifetime])
    const cancel = this.#options.clock.timer(goneForMs, () => {
      void this.wipe(driver, signal).then(() => {
        if (!signal.aborted) this.#pending.delete(driver)
      })
    })
    this.#pending.set(driver, () => {
      cancel()
      stopping.abort()
    })
  }

  /** Deletes the node's slices, of one driver or of all, however often it takes. Never rejects. */
  async wipe(driver: string | undefined, signal: AbortSignal): Promise<void> {
    const { client, nodeName, clock, log } = this.#options
    const ofDriver = driver === undefined ? '' : `,spec.driver=${driver}`
    const fieldSelector = `spec.nodeName=${nodeName}${ofDriver}`
    for (let waitMs = firstRetryMs; !signal.aborted; waitMs = Math.min(waitMs * 2, longestRetryMs)) {
      try {
        await client.deleteCollection(resourceSlices, { fieldSelector, signal })
        return
      } catch (error) {
        if (signal.aborted) return
        log.info({ fieldSelector, error: (error as Error).message }, 'Deleting ResourceSlice failed, retrying')
        await clock.sleep(waitMs, signal).catch(() => undefined)
      }
    }
  }

  stop(): void {
    for (const cancel of this.#pending.values()) cancel()
    this.#pending.clear()
  }
}
