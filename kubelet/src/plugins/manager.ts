import { watch, type FSWatcher } from 'node:fs'
import { lstat, mkdir, readdir } from 'node:fs/promises'
import path from 'node:path'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import type { Logger } from '@kubets/shared/machinery/logger.ts'
import { loadService, PluginClient } from './grpc.ts'
import type { PluginHandler, PluginHandlers } from './handler.ts'
import { nextRetry, planPlugins, type KnownSocket } from './plan.ts'

export interface PluginManagerOptions {
  /** Where plugins put their sockets: `<root-dir>/plugins_registry`. */
  folder: string
  handlers: PluginHandlers
  clock: Clock
  log: Logger
}

interface PluginInfo {
  type: string
  name: string
  endpoint: string
  supported_versions: string[]
}

interface Plugin extends KnownSocket {
  name: string
  endpoint: string
  handler: PluginHandler | undefined
}

const registration = loadService(new URL('registration.proto', import.meta.url), 'pluginregistration.Registration')
// operationexecutor/operation_generator.go
const [dialMs, infoMs, notifyMs] = [10_000, 1000, 5000]
// what the kernel did not tell of
const lookMs = 10_000

/**
 * Registers the plugins whose sockets are in a folder, or in folders below it, with the handlers of their types, and lets
 * them go when their sockets go. One that cannot be registered is tried again, less and less often.
 */
// pkg/kubelet/pluginmanager/plugin_manager.go
export class PluginManager {
  readonly #options: PluginManagerOptions
  readonly #known = new Map<string, Plugin>()
  readonly #busy = new Map<string, Promise<void>>()
  readonly #watchers = new Map<string, FSWatcher>()
  #dirty = false
  #wake: () => void = () => undefined

  constructor(options: PluginManagerOptions) {
    this.#options = options
  }

  /** Ends with the signal, when what is under way has ended. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log, folder } = this.#options
    const over = (): void => this.#changed()
    signal.addEventListener('abort', over, { once: true })
    while (!signal.aborted) {
      this.#dirty = false
      let wakeAt: number | undefined
      try {
        await mkdir(folder, { recursive: true, mode: 0o750 })
        wakeAt = this.#act(await this.#look(), signal)
      } catch (error) {
        log.error({ path: folder, error: (error as Error).message }, 'the folder of plugins could not be read')
      }
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#wake = resolve
      if (this.#dirty || signal.aborted) continue
      const cancel = clock.timer(Math.min(lookMs, (wakeAt ?? Infinity) - clock.elapsed()), resolve)
      await promise
      cancel()
    }
    signal.removeEventListener('abort', over)
    for (const watcher of this.#watchers.values()) watcher.close()
    await Promise.all(this.#busy.values())
  }

  #changed(): void {
    this.#dirty = true
    this.#wake()
  }

  /** The sockets there are, each with what tells it from others of its name. Watches all folders. */
  async #look(): Promise<Map<string, string>> {
    const { folder } = this.#options
    // watched first: what comes while it is read is not missed
    this.#watch(folder)
    const folders = new Set([folder])
    const sockets = new Map<string, string>()
    for (const place of folders) {
      for (const entry of await readdir(place, { withFileTypes: true }).catch(() => [])) {
        const inside = path.join(place, entry.name)
        if (entry.name.startsWith('.')) continue
        if (entry.isDirectory()) {
          this.#watch(inside)
          folders.add(inside)
        } else if (entry.isSocket()) {
          const info = await lstat(inside).catch(() => undefined)
          if (info) sockets.set(inside, `${info.dev}:${info.ino}:${info.birthtimeMs}`)
        }
      }
    }
    for (const [place, watcher] of this.#watchers) {
      if (folders.has(place)) continue
      watcher.close()
      this.#watchers.delete(place)
    }
    return sockets
  }

  #watch(folder: string): void {
    if (this.#watchers.has(folder)) return
    try {
      const lost = (): void => void this.#watchers.delete(folder)
      const watcher = watch(folder, { persistent: false }, () => this.#changed()).on('error', lost)
      this.#watchers.set(folder, watcher)
    } catch {
      // gone this very moment, or no more can be watched: the regular look finds what changes
    }
  }

  #act(found: ReadonlyMap<string, string>, signal: AbortSignal): number | undefined {
    const { clock } = this.#options
    const plan = planPlugins(found, this.#known, new Set(this.#busy.keys()), clock.elapsed())
    for (const socket of plan.forget) this.#known.delete(socket)
    for (const socket of plan.unregister) this.#start(socket, this.#unregister(socket, signal))
    for (const socket of plan.register) this.#start(socket, this.#tryRegister(socket, found.get(socket) ?? '', signal))
    return plan.wakeAt
  }

  #start(socket: string, work: Promise<void>): void {
    const done = work.finally(() => {
      this.#busy.delete(socket)
      this.#changed()
    })
    this.#busy.set(socket, done)
  }

  // operation_generator.go GenerateUnregisterPluginFunc
  async #unregister(socket: string, signal: AbortSignal): Promise<void> {
    const { log } = this.#options
    const known = this.#known.get(socket)
    this.#known.delete(socket)
    if (!known?.handler) return
    log.info({ plugin: known.name, socket }, 'plugin is gone')
    await known.handler.deregister(known.name, known.endpoint, signal).catch((error: unknown) => {
      if (signal.aborted) return
      log.error({ plugin: known.name, error: (error as Error).message }, 'plugin could not be let go')
    })
  }

  async #tryRegister(socket: string, identity: string, signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options
    const before = this.#known.get(socket)
    const afterMs = before?.identity === identity ? before.retry?.afterMs : undefined
    const plugin: Plugin = { identity, registered: false, name: '', endpoint: socket, handler: undefined }
    this.#known.set(socket, plugin)
    const client = new PluginClient(registration, socket, clock)
    try {
      await this.#register(client, socket, plugin, signal)
      log.info({ plugin: plugin.name, socket, endpoint: plugin.endpoint }, 'plugin is registered')
    } catch (error) {
      if (signal.aborted) return
      log.error({ socket, error: (error as Error).message }, 'plugin could not be registered')
      plugin.retry = nextRetry(afterMs, clock.elapsed())
    } finally {
      client.close()
    }
  }

  // operation_generator.go GenerateRegisterPluginFunc
  async #register(client: PluginClient, socket: string, plugin: Plugin, signal: AbortSignal): Promise<void> {
    const begins = 'RegisterPlugin error --'
    const failed = (what: string, error: unknown): Error =>
      new Error(`${begins} ${what} at socket ${socket}, err: ${(error as Error).message}`)
    await client.ready(dialMs, signal).catch((error: unknown) => {
      throw failed('dial failed', error)
    })
    const info = await client.call<PluginInfo>('GetInfo', {}, infoMs, signal).catch((error: unknown) => {
      throw failed('failed to get plugin info using RPC GetInfo', error)
    })
    const notify = async (error: string): Promise<void> => {
      const status = { plugin_registered: error === '', error }
      await client.call('NotifyRegistrationStatus', status, notifyMs, signal).catch((cause: unknown) => {
        throw failed(error === '' ? 'failed to send registration status' : 'failed to send error', cause)
      })
      if (error !== '') throw new Error(error)
    }
    const handler = this.#options.handlers.get(info.type)
    if (!handler) return notify(`${begins} no handler registered for plugin type: ${info.type} at socket ${socket}`)
    plugin.name = info.name
    plugin.endpoint = info.endpoint === '' ? socket : info.endpoint
    const { name, endpoint } = plugin
    try {
      handler.validate(name, endpoint, info.supported_versions)
    } catch (error) {
      return notify(`${begins} plugin validation failed with err: ${(error as Error).message}`)
    }
    // from here on it is let go when its socket goes, and not tried again before
    plugin.handler = handler
    plugin.registered = true
    try {
      await handler.register(name, endpoint, info.supported_versions, signal)
    } catch (error) {
      signal.throwIfAborted()
      return notify(`${begins} plugin registration failed with err: ${(error as Error).message}`)
    }
    await notify('')
  }
}
