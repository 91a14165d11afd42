import type { Container, PodIdentity, PodSandbox } from '../runtime/types.ts'
import type { PodDeps } from './deps.ts'

/** What a look at the runtime saw of one Pod: changes when something of it came, went or changed its state. */
export interface PodTrace {
  identity: PodIdentity
  text: string
}

/** One trace for each Pod that the runtime has something of. */
export function traces(sandboxes: readonly PodSandbox[], containers: readonly Container[]): Map<string, PodTrace> {
  const parts = new Map<string, { identity: PodIdentity; parts: string[] }>()
  for (const one of [...sandboxes, ...containers]) {
    const known = parts.get(one.pod.uid) ?? { identity: one.pod, parts: [] }
    known.parts.push(`${one.id}=${one.state}`)
    parts.set(one.pod.uid, known)
  }
  return new Map(
    [...parts].map(([uid, one]) => [uid, { identity: one.identity, text: one.parts.toSorted().join(' ') }]),
  )
}

/** The Pods whose traces differ. */
export function changedPods(before: ReadonlyMap<string, PodTrace>, after: ReadonlyMap<string, PodTrace>): string[] {
  const all = new Set([...before.keys(), ...after.keys()])
  return [...all].filter((uid) => before.get(uid)?.text !== after.get(uid)?.text)
}

export interface PlegListener {
  /** Something of the Pod has changed. `endedId`: a sandbox or container of it that has ended. */
  changed(podUid: string, endedId?: string): void
  /** What the runtime has now, as often as all of it is looked through. */
  looked(now: ReadonlyMap<string, PodTrace>): Promise<void>
}

const relistMs = 10_000
// pkg/kubelet/kubelet.go SyncLoopHealthCheck
const stuckMs = 120_000

/**
 * The Pod lifecycle event generator: tells which Pods the runtime has something new of. Its events tell that at once; what
 * they missed is found by looking through all that it has, every ten seconds.
 */
// pkg/kubelet/pleg/generic.go, evented.go
export class Pleg {
  readonly #deps: PodDeps
  readonly #listener: PlegListener
  #seen: ReadonlyMap<string, PodTrace> = new Map()
  /** When the runtime was last looked through, in elapsed time. */
  #lookedAt: number | undefined

  constructor(deps: PodDeps, listener: PlegListener) {
    this.#deps = deps
    this.#listener = listener
  }

  /** Follows the runtime until the kubelet ends. */
  async run(): Promise<void> {
    await Promise.all([this.#followEvents(), this.#relistForever()])
  }

  /** What is wrong when the runtime could not be looked through for long; undefined when nothing is. */
  stuck(): string | undefined {
    const late = this.#lookedAt !== undefined && this.#deps.clock.elapsed() - this.#lookedAt > stuckMs
    return late ? 'sync Loop took longer than expected' : undefined
  }

  async #followEvents(): Promise<void> {
    for await (const event of this.#deps.runtime.containerEvents(this.#deps.lifetime)) {
      if (event.type === 'missed') await this.relist()
      else this.#listener.changed(event.podUid, event.type === 'stopped' ? event.containerId : undefined)
    }
  }

  async #relistForever(): Promise<void> {
    const { clock, lifetime } = this.#deps
    while (!lifetime.aborted) {
      await this.relist()
      await clock.sleep(relistMs, lifetime).catch(() => undefined)
    }
  }

  /** Looks through all that the runtime has, now. Never rejects. */
  async relist(): Promise<void> {
    const { runtime, lifetime, cgroups, clock, metrics } = this.#deps
    const begun = clock.elapsed()
    try {
      const [sandboxes, containers] = await Promise.all([
        runtime.listPodSandbox({}, lifetime),
        runtime.listContainers({}, lifetime),
      ])
      const took = (clock.elapsed() - begun) / 1000
      const since = this.#lookedAt === undefined ? undefined : (begun - this.#lookedAt) / 1000
      metrics.relisted(sandboxes, containers, { took, since, at: clock.now() / 1000 })
      const now = traces(sandboxes, containers)
      for (const uid of changedPods(this.#seen, now)) this.#listener.changed(uid)
      this.#seen = now
      await this.#listener.looked(now)
      this.#lookedAt = clock.elapsed()
      await cgroups.refresh(lifetime)
    } catch (error) {
      if (lifetime.aborted) return
      this.#deps.log.warn({ error: error instanceof Error ? error.message : String(error) }, 'relist failed')
    }
  }
}
