import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { SyncResult } from './backend.ts'

/** What the proxy counts, under upstream's names. */
// pkg/proxy/metrics/metrics.go
export class ProxyMetrics {
  readonly #syncSeconds: Histogram
  readonly #fullSeconds: Histogram
  readonly #partialSeconds: Histogram
  readonly #programmingSeconds: Histogram
  readonly #rules: Gauge
  readonly #rulesWritten: Gauge
  readonly #lastSync: Gauge
  readonly #failures: Counter

  constructor(register: Registry, mode: string) {
    const registers = [register]
    const buckets = [0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1, 2, 4, 8, 16]
    const histogram = (name: string, help: string): Histogram => new Histogram({ name, help, buckets, registers })
    this.#syncSeconds = histogram('kubeproxy_sync_proxy_rules_duration_seconds', 'SyncProxyRules latency in seconds')
    this.#fullSeconds = histogram(
      'kubeproxy_sync_full_proxy_rules_duration_seconds',
      'SyncProxyRules latency in seconds for full resyncs',
    )
    this.#partialSeconds = histogram(
      'kubeproxy_sync_partial_proxy_rules_duration_seconds',
      'SyncProxyRules latency in seconds for partial resyncs',
    )
    this.#programmingSeconds = histogram(
      'kubeproxy_network_programming_duration_seconds',
      'Time from a change seen to its rules written, in seconds',
    )
    this.#rules = new Gauge({
      name: `kubeproxy_sync_proxy_rules_${mode}_total`,
      help: `Total number of ${mode} rules owned by kube-proxy`,
      registers,
    })
    this.#rulesWritten = new Gauge({
      name: `kubeproxy_sync_proxy_rules_${mode}_last`,
      help: `Number of ${mode} rules written by kube-proxy in last sync`,
      registers,
    })
    this.#lastSync = new Gauge({
      name: 'kubeproxy_sync_proxy_rules_last_timestamp_seconds',
      help: 'The last time proxy rules were successfully synced',
      registers,
    })
    this.#failures = new Counter({
      name: `kubeproxy_sync_proxy_rules_${mode}_restore_failures_total`,
      help: `Cumulative proxy ${mode} sync failures`,
      registers,
    })
  }

  /** All times in ms since the epoch; `pendingSince`: when the oldest change in it came. */
  synced(result: SyncResult, started: number, ended: number, pendingSince: number | undefined): void {
    const seconds = (ended - started) / 1000
    this.#syncSeconds.observe(seconds)
    if (result.full) this.#fullSeconds.observe(seconds)
    else this.#partialSeconds.observe(seconds)
    if (pendingSince !== undefined) this.#programmingSeconds.observe((ended - pendingSince) / 1000)
    this.#rules.set(result.total)
    this.#rulesWritten.set(result.written)
    this.#lastSync.set(ended / 1000)
  }

  failed(): void {
    this.#failures.inc()
  }
}
