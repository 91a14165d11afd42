import { readdir } from 'node:fs/promises'
import path from 'node:path'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import type { Logger } from '@kubets/shared/machinery/logger.ts'
import type { AttachedVolumes } from './attached.ts'
import { unstageBlock } from './block.ts'
import type { CsiDriver } from './driver.ts'
import { csiText, type CsiDrivers } from './drivers.ts'
import {
  blockNames,
  blockPaths,
  deviceFolder,
  devicesFolder,
  pluginFolder,
  podDevicesFolder,
  stagingPath,
} from './paths.ts'
import { Turns } from './turns.ts'
import { loadVolumeData, removeMountFolder, type VolumeData } from './volume-data.ts'

export interface StagedVolumesOptions {
  rootDir: string
  drivers: CsiDrivers
  attached: AttachedVolumes
  clock: Clock
  log: Logger
}

interface Idle {
  driver: string
  handle: string
  retryAt: number
  afterMs: number
}

// pkg/util/goroutinemap/exponentialbackoff
const [firstRetryMs, longestRetryMs] = [500, 122_000]

const keyOf = (driver: string, handle: string): string => `${driver}^${handle}`

/**
 * Knows which volumes are staged on this node, and lets those go that no Pod has any more, in the background: a Pod's end
 * does not wait for it.
 */
// pkg/kubelet/volumemanager/reconciler/reconciler_common.go unmountDetachDevices
export class StagedVolumes {
  readonly #options: StagedVolumesOptions
  readonly #turns = new Turns()
  readonly #staged = new Set<string>()
  /** By the Pod's uid: what it was to have, whatever became of that. */
  readonly #wanted = new Map<string, Map<string, { driver: string; handle: string }>>()
  readonly #idle = new Map<string, Idle>()
  readonly #busy = new Map<string, Promise<void>>()
  #wake: () => void = () => undefined

  constructor(options: StagedVolumesOptions) {
    this.#options = options
    options.drivers.onChange((name, registered) => (registered ? this.#retry(name) : undefined))
  }

  /** Does what concerns one volume, after what was begun before. */
  turn<T>(driver: string, handle: string, work: () => Promise<T>): Promise<T> {
    return this.#turns.take(keyOf(driver, handle), work)
  }

  has(driver: string, handle: string): boolean {
    return this.#staged.has(keyOf(driver, handle))
  }

  add(driver: string, handle: string): void {
    this.#staged.add(keyOf(driver, handle))
  }

  /** The Pod is to have the volume, until `unwant`. */
  want(podUid: string, driver: string, handle: string): void {
    const wanted = this.#wanted.get(podUid) ?? new Map<string, { driver: string; handle: string }>()
    wanted.set(keyOf(driver, handle), { driver, handle })
    this.#wanted.set(podUid, wanted)
  }

  /** The Pod is to have no volume any more. */
  unwant(podUid: string): void {
    const wanted = this.#wanted.get(podUid)
    this.#wanted.delete(podUid)
    for (const { driver, handle } of wanted?.values() ?? []) this.release(driver, handle)
  }

  /** Some Pod has the volume no more. */
  release(driver: string, handle: string): void {
    this.#idle.set(keyOf(driver, handle), { driver, handle, retryAt: 0, afterMs: 0 })
    this.#wake()
  }

  /** Finds what an earlier kubelet left; to be done before the node's status is written. */
  async load(): Promise<void> {
    const { rootDir, attached } = this.#options
    const root = devicesFolder(rootDir)
    const found = (data: VolumeData): void => {
      attached.found(`kubernetes.io/csi/${keyOf(data.driverName, data.volumeHandle)}`)
      this.release(data.driverName, data.volumeHandle)
    }
    for (const name of await blockNames(rootDir)) {
      const data = await loadVolumeData(blockPaths(rootDir, name).data)
      if (data) found(data)
    }
    for (const driver of await names(root)) {
      if (driver === 'volumeDevices') continue
      for (const name of await names(path.join(root, driver))) {
        const data = await loadVolumeData(path.join(root, driver, name))
        if (data) found(data)
      }
    }
  }

  /** Lets go what no Pod has, until the signal aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options
    signal.addEventListener('abort', () => this.#wake(), { once: true })
    while (!signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#wake = resolve
      const now = clock.elapsed()
      const waiting = [...this.#idle].filter(([key]) => !this.#busy.has(key))
      for (const [key, one] of waiting) if (one.retryAt <= now) this.#busy.set(key, this.#letGo(key, one, signal))
      const later = waiting.map(([, one]) => one.retryAt).filter((at) => at > now)
      const cancel = later.length === 0 ? () => undefined : clock.timer(Math.min(...later) - now, resolve)
      await promise
      cancel()
    }
    await Promise.all(this.#busy.values())
  }

  #retry(driver: string): void {
    for (const [key, one] of this.#idle) {
      if (one.driver === driver) this.#idle.set(key, { ...one, retryAt: 0 })
    }
    this.#wake()
  }

  async #letGo(key: string, idle: Idle, signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options
    const { driver, handle } = idle
    try {
      await this.turn(driver, handle, async () => {
        if (!(await this.#isUsed(key))) await this.#unstage(driver, handle, signal)
      })
      // asked again meanwhile: looked at again
      if (this.#idle.get(key) === idle) this.#idle.delete(key)
    } catch (error) {
      if (signal.aborted) return
      const why = (error as Error).message
      log.warn({ volume: handle, driver, error: why }, 'UnmountDevice failed, will be tried again')
      const afterMs = idle.afterMs === 0 ? firstRetryMs : Math.min(idle.afterMs * 2, longestRetryMs)
      if (this.#idle.get(key) === idle) this.#idle.set(key, { ...idle, retryAt: clock.elapsed() + afterMs, afterMs })
    } finally {
      this.#busy.delete(key)
      this.#wake()
    }
  }

  // csi_attacher.go UnmountDevice
  async #unstage(driverName: string, handle: string, signal: AbortSignal): Promise<void> {
    const { rootDir, attached } = this.#options
    const folder = deviceFolder(rootDir, driverName, handle)
    if (await loadVolumeData(folder)) {
      const driver = this.#driver(driverName)
      const can = await driver.capabilities(signal)
      const place = stagingPath(folder)
      if (can.has('STAGE_UNSTAGE_VOLUME')) {
        await driver.unstage(handle, place, signal).catch((error: unknown) => {
          throw new Error(csiText(`attacher.UnmountDevice failed: ${(error as Error).message}`))
        })
      }
      await removeMountFolder(place)
    }
    for (const name of await this.#blocks(keyOf(driverName, handle))) {
      await unstageBlock(rootDir, this.#driver(driverName), handle, name, signal)
    }
    this.#staged.delete(keyOf(driverName, handle))
    attached.release(`kubernetes.io/csi/${keyOf(driverName, handle)}`)
  }

  #driver(name: string): CsiDriver {
    try {
      return this.#options.drivers.get(name)
    } catch (error) {
      const why = (error as Error).message
      throw new Error(csiText(`attacher.UnmountDevice failed to create newCsiDriverClient: ${why}`))
    }
  }

  /** The names under which the volume is here as a device: one at most, but for PersistentVolumes of the same volume. */
  async #blocks(key: string): Promise<string[]> {
    const { rootDir } = this.#options
    const found: string[] = []
    for (const name of await blockNames(rootDir)) {
      const data = await loadVolumeData(blockPaths(rootDir, name).data)
      if (data && keyOf(data.driverName, data.volumeHandle) === key) found.push(name)
    }
    return found
  }

  /** Whether a Pod is to have it, or has it, one that nobody knows any more too. */
  async #isUsed(key: string): Promise<boolean> {
    for (const wanted of this.#wanted.values()) if (wanted.has(key)) return true
    const { rootDir } = this.#options
    const blocks = await this.#blocks(key)
    for (const uid of await names(path.join(rootDir, 'pods'))) {
      const devices = await names(podDevicesFolder(rootDir, uid))
      if (devices.some((name) => blocks.includes(name))) return true
      const folder = path.join(rootDir, 'pods', uid, 'volumes', pluginFolder)
      for (const name of await names(folder)) {
        const data = await loadVolumeData(path.join(folder, name))
        if (data && keyOf(data.driverName, data.volumeHandle) === key) return true
      }
    }
    return false
  }
}

const names = (folder: string): Promise<string[]> => readdir(folder).catch(() => [])
