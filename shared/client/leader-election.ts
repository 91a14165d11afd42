import { leases } from '../api/resources.gen.ts'
import type { Clock } from '../machinery/clock.ts'
import { isConflict, isNotFound } from '../machinery/errors.ts'
import type { Logger } from '../machinery/logger.ts'
import type { Client } from './client.ts'
import { heldSpec, mayHold, observe, releasedSpec, type Observation } from './leader-record.ts'

interface LeaderElectionOptions {
  client: Client
  clock: Clock
  log: Logger
  /** The Lease's name: one for each program. */
  name: string
  namespace?: string
  /** Unique among all candidates. */
  identity: string
  leaseDurationMs?: number
  renewDeadlineMs?: number
  retryPeriodMs?: number
  /** The leader's work; its signal aborts when the leadership or the program ends. */
  onLeading: (signal: AbortSignal) => Promise<void>
}

// client-go tools/leaderelection/leaderelection.go JitterFactor
const jitterFactor = 1.2
const releaseLimitMs = 5_000

/**
 * Waits for the leadership, then runs the work for as long as it lasts. Resolves when the work ends or the signal
 * aborts; rejects with the work's error, or when the leadership is lost: the program must exit then.
 */
export async function runLeaderElected(options: LeaderElectionOptions, signal: AbortSignal): Promise<void> {
  const elector = new Elector(options)
  try {
    await elector.acquire(signal)
  } catch (error) {
    if (signal.aborted) return
    throw error
  }
  const { log, name, identity, clock } = options
  log.info({ lease: name, identity }, 'became leader')
  const leading = new AbortController()
  const stop = (): void => leading.abort(signal.reason)
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
  let worked = false
  const work = options.onLeading(leading.signal).finally(() => (worked = true))
  try {
    await Promise.race([work, elector.renewUntilLost(leading.signal)])
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    signal.removeEventListener('abort', stop)
    leading.abort()
    // only when the work has stopped may the next leader begin at once; otherwise it waits for the lease to run out
    const done = new AbortController()
    const limit = clock.sleep(releaseLimitMs, done.signal).catch(() => undefined)
    await Promise.race([work.catch(() => undefined), limit])
    done.abort()
    if (worked) await elector.release()
  }
}

class Elector {
  readonly #options: LeaderElectionOptions
  readonly #namespace: string
  readonly #leaseDurationMs: number
  readonly #renewDeadlineMs: number
  readonly #retryPeriodMs: number
  #seen: Observation | undefined

  constructor(options: LeaderElectionOptions) {
    this.#options = options
    this.#namespace = options.namespace ?? 'kube-system'
    this.#leaseDurationMs = options.leaseDurationMs ?? 15_000
    this.#renewDeadlineMs = options.renewDeadlineMs ?? 10_000
    this.#retryPeriodMs = options.retryPeriodMs ?? 2_000
  }

  /** Resolves as leader; rejects with the signal's reason when that aborts. */
  async acquire(signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted()
      if (await this.#try(signal)) return
      await this.#options.clock.sleep(this.#retryPeriodMs * (1 + Math.random() * jitterFactor), signal)
    }
  }

  /** Keeps the lease fresh. Resolves when the signal aborts, rejects when no renewal worked for the deadline. */
  async renewUntilLost(signal: AbortSignal): Promise<void> {
    const { clock, name } = this.#options
    let renewedAt = clock.elapsed()
    while (!signal.aborted) {
      await clock.sleep(this.#retryPeriodMs, signal).catch(() => undefined)
      if (signal.aborted) return
      const deadline = new AbortController()
      const remaining = renewedAt + this.#renewDeadlineMs - clock.elapsed()
      const cancel = clock.timer(remaining, () => deadline.abort(new Error('the renewal took too long')))
      const stop = (): void => deadline.abort(signal.reason)
      signal.addEventListener('abort', stop, { once: true })
      const started = clock.elapsed()
      if (await this.#try(deadline.signal)) renewedAt = started
      signal.removeEventListener('abort', stop)
      cancel()
      if (signal.aborted) return
      if (clock.elapsed() - renewedAt >= this.#renewDeadlineMs) throw new Error(`lost the leader lease ${name}`)
    }
  }

  /** Gives the lease back; failure only means that the next leader waits longer. */
  async release(): Promise<void> {
    const { client, clock, log, name, identity } = this.#options
    const lease = this.#seen?.lease
    if (lease?.spec.holderIdentity !== identity) return
    const limit = new AbortController()
    const cancel = clock.timer(releaseLimitMs, () => limit.abort(new Error('releasing took too long')))
    try {
      const spec = releasedSpec(lease.spec, clock.now())
      await client.update(leases, { ...lease, spec }, { signal: limit.signal })
      log.info({ lease: name, identity }, 'released the leadership')
    } catch (error) {
      log.warn({ lease: name, err: error }, 'could not release the leadership')
    } finally {
      cancel()
    }
  }

  /** One try to take or renew the lease; false when it is another's or the apiserver does not answer. */
  async #try(signal: AbortSignal): Promise<boolean> {
    const { clock, log, name, identity } = this.#options
    try {
      // the holder needs no read first: the resourceVersion refuses the write if anyone else has written
      if (this.#seen?.lease.spec.holderIdentity === identity) {
        const renewed = await this.#renewKnown(this.#seen, signal)
        if (renewed) return true
      }
      const lease = await this.#read(signal)
      if (lease === undefined) {
        await this.#create(signal)
        return true
      }
      this.#seen = observe(this.#seen, lease, clock.elapsed())
      if (!mayHold(this.#seen, identity, clock.elapsed())) return false
      await this.#write(this.#seen, signal)
      return true
    } catch (error) {
      if (!signal.aborted) log.warn({ lease: name, err: error }, 'could not take or renew the leader lease')
      return false
    }
  }

  async #renewKnown(seen: Observation, signal: AbortSignal): Promise<boolean> {
    try {
      await this.#write(seen, signal)
      return true
    } catch (error) {
      if (isConflict(error) || isNotFound(error)) return false
      throw error
    }
  }

  async #read(signal: AbortSignal): Promise<Observation['lease'] | undefined> {
    try {
      return await this.#options.client.get(leases, this.#options.name, { namespace: this.#namespace, signal })
    } catch (error) {
      if (isNotFound(error)) return undefined
      throw error
    }
  }

  async #create(signal: AbortSignal): Promise<void> {
    const { client, clock, name, identity } = this.#options
    const lease = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name, namespace: this.#namespace },
      spec: heldSpec(undefined, identity, this.#leaseDurationMs, clock.now()),
    }
    this.#seen = { lease: await client.create(leases, lease, { signal }), atMs: clock.elapsed() }
  }

  async #write(seen: Observation, signal: AbortSignal): Promise<void> {
    const { client, clock, identity } = this.#options
    const spec = heldSpec(seen.lease.spec, identity, this.#leaseDurationMs, clock.now())
    const lease = await client.update(leases, { ...seen.lease, spec }, { signal })
    this.#seen = { lease, atMs: clock.elapsed() }
  }
}
