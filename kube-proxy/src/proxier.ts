import type { Service } from '@kubets/shared/api/types/core-v1.ts'
import type { EndpointSlice } from '@kubets/shared/api/types/discovery-v1.ts'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import type { Logger } from '@kubets/shared/machinery/logger.ts'
import type { Backend } from './backend.ts'
import { BoundedRunner } from './bounded-runner.ts'
import { serviceHealth, type HealthCheckServers } from './health-checks.ts'
import type { ProxyMetrics } from './metrics.ts'
import { staleFlows, type StaleFlow } from './rules/conntrack.ts'
import type { Model, ProxyNode, RulesConfig } from './rules/model.ts'
import { rules } from './rules/rules.ts'

export interface ProxierOptions {
  readonly backend: Backend
  readonly services: () => readonly Service[]
  readonly endpointSlices: () => readonly EndpointSlice[]
  readonly node: () => ProxyNode
  readonly config: RulesConfig
  readonly forgetFlows: (flows: readonly StaleFlow[]) => Promise<void>
  readonly healthChecks: HealthCheckServers
  readonly metrics: ProxyMetrics
  readonly clock: Clock
  readonly log: Logger
  /** The longest pause between two writes while changes wait. */
  readonly minSyncPeriodMs: number
  readonly syncPeriodMs: number
}

// A rollout changes endpoints several times a second, and a Pod that is gone must not be asked for long. So where writing
// is quick the pause is short: writing may take a tenth of the time, and the period given is the longest pause.
const shortestPauseMs = 100
const pauseShare = 10

/** Everything is written anew this often, whatever happened: pkg/proxy/util FullSyncPeriod. */
const fullSyncMs = 3600_000

/** Keeps the kernel's rules equal to what the caches say. */
export class Proxier {
  readonly #options: ProxierOptions
  readonly #runner: BoundedRunner
  #model: Model | undefined
  #lastFull = -Infinity
  #signal: AbortSignal | undefined
  /** When the oldest change not yet in the kernel came; undefined: all is in. */
  #pendingSince: number | undefined
  #lastSuccess: number
  /** How long the last write took. */
  #lastMs = 0

  constructor(options: ProxierOptions) {
    this.#options = options
    this.#lastSuccess = options.clock.now()
    this.#runner = new BoundedRunner({
      clock: options.clock,
      work: () => this.#sync(),
      minIntervalMs: () => Math.min(options.minSyncPeriodMs, Math.max(shortestPauseMs, pauseShare * this.#lastMs)),
      retryMs: options.minSyncPeriodMs,
      maxIntervalMs: fullSyncMs,
    })
  }

  /** Starts writing; to be called once the caches are complete. Ends with the signal. */
  start(signal: AbortSignal): void {
    this.#signal = signal
    signal.addEventListener('abort', () => this.#runner.stop(), { once: true })
    this.changed()
  }

  /** Says that a Service, an EndpointSlice or the node changed. */
  changed(): void {
    this.#pendingSince ??= this.#options.clock.now()
    if (this.#signal) this.#runner.request()
  }

  /** When the rules were last in order, and whether changes wait for too long. */
  // pkg/proxy/healthcheck/proxy_health.go isHealthy
  health(): { lastUpdated: number; healthy: boolean } {
    const now = this.#options.clock.now()
    if (this.#pendingSince === undefined) return { lastUpdated: now, healthy: true }
    return { lastUpdated: this.#lastSuccess, healthy: now - this.#pendingSince < 2 * this.#options.syncPeriodMs }
  }

  /** Looks every sync period whether somebody removed our rules, until the signal aborts. */
  async watchRules(signal: AbortSignal): Promise<void> {
    const { backend, clock, log, syncPeriodMs } = this.#options
    while (!signal.aborted) {
      try {
        await clock.sleep(syncPeriodMs, signal)
        if (!this.#model || (await backend.intact(this.#model, signal))) continue
        log.warn('rules were changed by somebody else: writing all of them')
        backend.invalidate()
        this.changed()
      } catch (error) {
        if (!signal.aborted) log.warn({ error: String(error) }, 'the rules could not be checked')
      }
    }
  }

  async #sync(): Promise<void> {
    const { backend, clock, config, log, metrics } = this.#options
    const signal = this.#signal
    if (!signal || signal.aborted) return
    const started = clock.now()
    const pendingSince = this.#pendingSince
    this.#pendingSince = undefined
    if (started - this.#lastFull >= fullSyncMs) backend.invalidate()
    try {
      const model = rules(this.#options.services(), this.#options.endpointSlices(), this.#options.node(), config)
      const result = await backend.sync(model, signal)
      const before = this.#model
      this.#model = model
      if (result.full) this.#lastFull = started
      this.#lastSuccess = clock.now()
      this.#lastMs = this.#lastSuccess - started
      this.#options.healthChecks.update(serviceHealth(model))
      metrics.synced(result, started, this.#lastSuccess, pendingSince)
      log.debug({ ...result, ms: this.#lastMs }, 'rules written')
      const stale = staleFlows(before, model)
      if (stale.length > 0) await this.#options.forgetFlows(stale)
    } catch (error) {
      this.#pendingSince = pendingSince ?? started
      if (signal.aborted) return
      metrics.failed()
      log.error({ error: error instanceof Error ? error.message : String(error) }, 'rules could not be written')
      throw error
    }
  }
}
