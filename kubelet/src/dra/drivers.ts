import type { Clock } from '@kubets/shared/machinery/clock.ts'
import type { PluginHandler } from '../plugins/handler.ts'
import { DraDriver, draServices } from './driver.ts'
import type { DraMetrics } from './metrics.ts'

/** The type that these drivers say they have. kubelet/pkg/apis/pluginregistration/v1/constants.go DRAPlugin */
export const draPluginType = 'DRAPlugin'

/** The drivers that are registered on this node; one may have several plugins while it is exchanged for a newer one. */
// pkg/kubelet/cm/dra/plugin/dra_plugin_manager.go
export class DraDrivers implements PluginHandler {
  readonly #clock: Clock
  readonly #metrics: DraMetrics
  readonly #changed: (driver: string) => void
  readonly #plugins = new Map<string, DraDriver[]>()

  /** @param changed whether the driver can be used may have changed */
  constructor(clock: Clock, metrics: DraMetrics, changed: (driver: string) => void) {
    this.#clock = clock
    this.#metrics = metrics
    this.#changed = changed
  }

  /** Of a driver's plugins the newest, before all those that can be reached. @throws Error when it has none */
  // GetPlugin
  get(name: string): DraDriver {
    if (name === '') throw new Error('DRA driver name is empty')
    const plugins = this.#plugins.get(name) ?? []
    const found = plugins.findLast((one) => one.connected) ?? plugins.at(-1)
    if (!found) throw new Error(`DRA driver ${name} is not registered`)
    return found
  }

  /** Whether one of its plugins can be reached. */
  usable(name: string): boolean {
    return this.#plugins.get(name)?.some((one) => one.connected) ?? false
  }

  validate(name: string, endpoint: string, versions: readonly string[]): void {
    chosenService(name, endpoint, versions)
  }

  register(name: string, endpoint: string, versions: readonly string[]): Promise<void> {
    const service = chosenService(name, endpoint, versions)
    const plugins = this.#plugins.get(name) ?? []
    if (plugins.some((one) => one.endpoint === endpoint)) {
      return Promise.reject(new Error(`endpoint ${endpoint} already registered for DRA driver plugin ${name}`))
    }
    const driver = new DraDriver(
      endpoint,
      service,
      this.#clock,
      (method, code, seconds) => this.#metrics.called(name, method, code, seconds),
      () => this.#changed(name),
    )
    this.#plugins.set(name, [...plugins, driver])
    this.#changed(name)
    return Promise.resolve()
  }

  deregister(name: string, endpoint: string): Promise<void> {
    const plugins = this.#plugins.get(name) ?? []
    const gone = plugins.find((one) => one.endpoint === endpoint)
    if (!gone) return Promise.resolve()
    this.#plugins.set(
      name,
      plugins.filter((one) => one !== gone),
    )
    gone.close()
    this.#changed(name)
    return Promise.resolve()
  }

  close(): void {
    for (const plugin of [...this.#plugins.values()].flat()) plugin.close()
  }
}

// validateSupportedServices
function chosenService(name: string, endpoint: string, versions: readonly string[]): string {
  const chosen = versions.find((one) => draServices.has(one))
  if (chosen !== undefined) return chosen
  const list = (names: Iterable<string>): string => `[${[...names].map((one) => JSON.stringify(one)).join(' ')}]`
  const why =
    versions.length === 0
      ? 'empty list of supported gRPC services (aka supported versions)'
      : `none of services supported by the plugin (${list(versions)}) are supported by the kubelet (${list(draServices.keys())})`
  throw new Error(`invalid supported gRPC versions of DRA driver plugin ${name} at endpoint ${endpoint}: ${why}`)
}
