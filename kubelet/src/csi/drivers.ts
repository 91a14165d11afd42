import type { Clock } from '@kubets/shared/machinery/clock.ts'
import type { Logger } from '@kubets/shared/machinery/logger.ts'
import type { PluginHandler } from '../plugins/handler.ts'
import { CsiDriver } from './driver.ts'
import type { NodeInfo } from './node-info.ts'
import { compareVersions, highestVersion } from './versions.ts'

/** The type that CSI drivers say they have. kubelet/pkg/apis/pluginregistration/v1/constants.go CSIPlugin */
export const csiPluginType = 'CSIPlugin'

/** The text of an error as the CSI plugin of upstream's kubelet begins it. */
// pkg/volume/csi/csi_util.go log
export const csiText = (message: string): string => `kubernetes.io/csi: ${message}`

export interface CsiDriversOptions {
  /** Where the drivers of this node are told of. */
  nodeInfo: Pick<NodeInfo, 'install' | 'update' | 'uninstall'>
  clock: Clock
  log: Logger
}

/** The storage drivers that are registered on this node. */
// pkg/volume/csi/csi_plugin.go RegistrationHandler, csi_drivers_store.go
export class CsiDrivers implements PluginHandler {
  readonly #options: CsiDriversOptions
  readonly #drivers = new Map<string, CsiDriver>()
  readonly #listeners: ((name: string, registered: boolean) => void)[] = []

  constructor(options: CsiDriversOptions) {
    this.#options = options
  }

  /** The driver. Throws when it is not registered here. */
  // csi_client.go newCsiDriverClient
  get(name: string): CsiDriver {
    const driver = this.#drivers.get(name)
    if (!driver) throw new Error(`driver name ${name} not found in the list of registered CSI drivers`)
    return driver
  }

  /** Whether the driver is registered. */
  has(name: string): boolean {
    return this.#drivers.has(name)
  }

  /** Asks the driver once more what it says of itself, and tells of it. Rejects when one of them fails. */
  // csi_plugin.go updateCSIDriver
  async update(name: string, signal: AbortSignal): Promise<void> {
    await this.#options.nodeInfo.update(name, await this.get(name).info(signal), signal)
  }

  /** Calls `listener` whenever a driver was registered, or let go. */
  onChange(listener: (name: string, registered: boolean) => void): void {
    this.#listeners.push(listener)
  }

  validate(name: string, endpoint: string, versions: readonly string[]): void {
    try {
      this.#version('ValidatePlugin', name, versions)
    } catch (error) {
      throw new Error(`validation failed for CSI Driver ${name} at endpoint ${endpoint}: ${(error as Error).message}`)
    }
  }

  async register(name: string, endpoint: string, versions: readonly string[], signal: AbortSignal): Promise<void> {
    const driver = new CsiDriver(name, endpoint, this.#version('RegisterPlugin', name, versions), this.#options.clock)
    this.#drivers.get(name)?.close()
    this.#drivers.set(name, driver)
    try {
      await this.#options.nodeInfo.install(name, await driver.info(signal), signal)
    } catch (error) {
      signal.throwIfAborted()
      await this.deregister(name, endpoint, signal).catch((problem: unknown) => {
        this.#options.log.error({ driver: name, error: (problem as Error).message }, 'CSI driver could not be let go')
      })
      throw error
    }
    for (const listener of this.#listeners) listener(name, true)
  }

  async deregister(name: string, endpoint: string, signal: AbortSignal): Promise<void> {
    const driver = this.#drivers.get(name)
    // a newer one has taken its place
    if (driver && driver.endpoint !== endpoint) return
    driver?.close()
    this.#drivers.delete(name)
    for (const listener of this.#listeners) listener(name, false)
    await this.#options.nodeInfo.uninstall(name, signal).catch((error: unknown) => {
      throw new Error(csiText(`Error uninstalling CSI driver: ${(error as Error).message}`))
    })
  }

  // validateVersions
  #version(caller: string, name: string, versions: readonly string[]): string {
    const failed = (why: string): Error => new Error(csiText(`${caller} for CSI driver "${name}" failed. ${why}`))
    if (versions.length === 0) throw failed('Plugin returned an empty list for supported versions')
    let highest: string
    try {
      highest = highestVersion(versions)
    } catch (error) {
      const listed = versions.map((one) => JSON.stringify(one)).join(' ')
      throw failed(`None of the versions specified [${listed}] are supported. err=${(error as Error).message}`)
    }
    const { version } = this.#drivers.get(name) ?? {}
    if (version !== undefined && compareVersions(version, highest) >= 0) {
      throw failed(
        `Another driver with the same name is already registered with a higher supported version: "${version}"`,
      )
    }
    return highest
  }
}
