import type { Container, Pod, Probe } from '@kubets/shared/api/types/core-v1.ts'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import { containerReference, type Recorder } from '../events.ts'
import type { ProbeKind, ProbeResult } from '../pods/model.ts'
import type { ContainerStatus, RuntimeService } from '../runtime/types.ts'
import { probeTitles, type ProbeMetrics } from './metrics.ts'
import { runProbe } from './run.ts'
import { count, initialResults, type Run } from './threshold.ts'

export interface ProbeManagerOptions {
  runtime: RuntimeService
  recorder: Recorder
  clock: Clock
  metrics: ProbeMetrics
  /** Called when a result of a container of that Pod has changed. */
  changed(podUid: string): void
}

// pkg/kubelet/prober/prober.go maxProbeRetries
const maxTries = 3

interface Watch {
  stop: AbortController
  /** Ends what could have the container killed. */
  ends: AbortController
  pod: Pod
  podUid: string
  container: string
  results: Map<ProbeKind, ProbeResult>
}

/** Probes the running containers of this node. */
// pkg/kubelet/prober/prober_manager.go, worker.go
export class ProbeManager {
  readonly #options: ProbeManagerOptions
  readonly #watches = new Map<string, Watch>()

  constructor(options: ProbeManagerOptions) {
    this.#options = options
  }

  /** The last settled result. */
  result(containerId: string, kind: ProbeKind): ProbeResult | undefined {
    return this.#watches.get(containerId)?.results.get(kind)
  }

  /** Probes exactly these running containers of the Pod from now on. */
  update(pod: Pod, running: readonly ContainerStatus[], podIP: string): void {
    const uid = pod.metadata.uid ?? ''
    for (const [id, watch] of this.#watches) {
      if (watch.podUid === uid && !running.some((one) => one.id === id)) this.#end(id, watch)
    }
    const all = [...(pod.spec.initContainers ?? []), ...pod.spec.containers]
    for (const status of running) {
      const container = all.find((one) => one.name === status.name)
      if (container && !this.#watches.has(status.id)) this.#begin(pod, container, status, podIP)
    }
  }

  /** The Pod ends: nobody asks any more whether its containers live, only whether they are ready. */
  // prober_manager.go StopLivenessAndStartup
  ending(podUid: string): void {
    for (const watch of this.#watches.values()) if (watch.podUid === podUid) watch.ends.abort()
  }

  /** Ends all probes. */
  stop(): void {
    for (const [id, watch] of this.#watches) this.#end(id, watch)
  }

  #end(id: string, watch: Watch): void {
    watch.stop.abort()
    this.#watches.delete(id)
    for (const kind of watch.results.keys()) this.#options.metrics.forget(watch.pod, watch.container, kind)
  }

  #begin(pod: Pod, container: Container, status: ContainerStatus, podIP: string): void {
    const watch: Watch = {
      stop: new AbortController(),
      ends: new AbortController(),
      pod,
      podUid: pod.metadata.uid ?? '',
      container: container.name,
      results: new Map(),
    }
    this.#watches.set(status.id, watch)
    const probes = [
      ['startup', container.startupProbe],
      ['readiness', container.readinessProbe],
      ['liveness', container.livenessProbe],
    ] as const
    for (const [kind, probe] of probes) {
      if (!probe) continue
      watch.results.set(kind, initialResults[kind])
      // it only ends by being stopped, which is no failure
      this.#loop(watch, kind, probe, pod, container, status, podIP).catch(() => undefined)
    }
  }

  async #loop(
    watch: Watch,
    kind: ProbeKind,
    probe: Probe,
    pod: Pod,
    container: Container,
    status: ContainerStatus,
    podIP: string,
  ): Promise<void> {
    const { clock } = this.#options
    const stop = watch.stop.signal
    const signal = kind === 'readiness' ? stop : AbortSignal.any([stop, watch.ends.signal])
    const period = (probe.periodSeconds ?? 10) * 1000
    let run: Run = { last: undefined, count: 0 }
    const delay = (probe.initialDelaySeconds ?? 0) * 1000
    // no longer than that, also when the clock was set back since the start
    const first = Math.min(delay, status.startedAt + delay - clock.now())
    if (first > 0) await clock.sleep(first, signal)
    for (;;) {
      // until it has started nothing but the startup probe is asked, and that one never again
      const started = watch.results.get('startup') ?? 'Success'
      if (kind === 'startup' && started === 'Success') return
      if (kind === 'startup' || started === 'Success') {
        const begun = clock.elapsed()
        const outcome = await this.#once(kind, probe, pod, container, status, podIP, signal)
        const counted = count(probe, run, outcome)
        run = counted.run
        const { settled } = counted
        if (settled !== undefined && settled !== watch.results.get(kind)) {
          watch.results.set(kind, settled)
          this.#options.changed(watch.podUid)
        }
        // the container will be killed, and its successor has a probe of its own
        if (settled === 'Failure' && kind !== 'readiness') return
        if (settled === 'Success' && kind === 'startup') return
        // from beginning to beginning, as of a ticker
        await clock.sleep(Math.max(0, begun + period - clock.elapsed()), signal)
      } else await clock.sleep(Math.min(period, 1000), signal)
    }
  }

  async #once(
    kind: ProbeKind,
    probe: Probe,
    pod: Pod,
    container: Container,
    status: ContainerStatus,
    podIP: string,
    signal: AbortSignal,
  ): Promise<ProbeResult> {
    const { clock, runtime, recorder, metrics } = this.#options
    const timeoutMs = (probe.timeoutSeconds ?? 1) * 1000
    const timeout = new AbortController()
    const cancel = clock.timer(timeoutMs, () => timeout.abort())
    const target = { container, containerId: status.id, podIP }
    try {
      const start = clock.elapsed()
      const limit = { timeoutMs, timeout: timeout.signal }
      let outcome = await runProbe(runtime, probe, target, limit, signal)
      // what could not be run is tried again at once. prober.go runProbeWithRetries
      for (let tries = 1; tries < maxTries && outcome.result === 'Unknown'; tries++) {
        outcome = await runProbe(runtime, probe, target, limit, signal)
      }
      const { result, output, warning } = outcome
      metrics.observe(pod, container.name, kind, result, (clock.elapsed() - start) / 1000)
      const about = containerReference(pod, container)
      const say = (reason: string, how: string): void =>
        recorder.event(about, 'Warning', reason, `${probeTitles[kind]} probe ${how}: ${output.slice(0, 1024)}`)
      if (result === 'Failure') say('Unhealthy', 'failed')
      else if (result === 'Unknown') say('Unhealthy', 'errored and resulted in unknown state')
      else if (warning) say('ProbeWarning', 'warning')
      return result
    } finally {
      cancel()
    }
  }
}
