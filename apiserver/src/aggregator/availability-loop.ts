import { apiServices } from '@kubets/shared/api/resources.gen.ts'
import type { APIService } from '@kubets/shared/api/types/apiregistration-v1.ts'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import { deepEqual } from '@kubets/shared/machinery/deep.ts'
import { isConflict, isNotFound } from '@kubets/shared/machinery/errors.ts'
import type { Logger } from '@kubets/shared/machinery/logger.ts'
import { formatTime } from '@kubets/shared/machinery/time.ts'
import { internalScope, kindOfRef } from '../auth/lookup.ts'
import type { Registry } from '../registry/types.ts'
import { ask, type ProxyClient } from './ask.ts'
import { failedDiscovery, judge, passed, withVerdict, type Verdict } from './availability.ts'
import type { Remotes } from './remotes.ts'

// kube-aggregator/pkg/controllers/status/remote/remote_available_controller.go New
const resyncMilliseconds = 30_000
const firstBackoffMilliseconds = 5
const attempts = 5

interface State {
  /** What the last answer was about: with anything else it is asked again at once. */
  subject: string
  /** When it is to be asked again. */
  askAt: number
  failures: number
  busy: boolean
}

export interface AvailabilityOptions {
  registry: Registry
  remotes: Remotes
  client: ProxyClient
  clock: Clock
  log: Logger
}

/** Says in each remote APIService's condition whether it can be used, and remembers what it serves. */
export class AvailabilityLoop {
  readonly #options: AvailabilityOptions
  readonly #states = new Map<string, State>()
  readonly #discovered = new Map<string, unknown>()
  readonly #running = new Set<Promise<void>>()
  #generation = 0

  constructor(options: AvailabilityOptions) {
    this.#options = options
  }

  /** Grows with every answer that says something new. */
  get generation(): number {
    return this.#generation
  }

  /** The APIResourceList that the server of an APIService answered with last. */
  discovered({ metadata }: APIService): unknown {
    return this.#discovered.get(metadata.name ?? '')
  }

  /** Starts what is due; does not wait for the answers. */
  step(signal: AbortSignal): void {
    const { remotes } = this.#options
    if (remotes.all.size === 0 && this.#states.size === 0) return
    const names = new Set<string>()
    for (const apiService of remotes.all.values()) {
      const name = apiService.metadata.name ?? ''
      names.add(name)
      const state = this.#stateOf(name, apiService)
      if (state.busy) continue
      state.busy = true
      const run = this.#check(apiService, state, signal).finally(() => {
        state.busy = false
        this.#running.delete(run)
      })
      this.#running.add(run)
    }
    for (const name of this.#states.keys()) {
      if (names.has(name)) continue
      this.#states.delete(name)
      this.#discovered.delete(name)
    }
  }

  /** Resolves when nothing is being asked any more. */
  async idle(): Promise<void> {
    await Promise.all(this.#running)
  }

  #stateOf(name: string, apiService: APIService): State {
    const { remotes } = this.#options
    const parts = [remotes.serviceOf(apiService), ...remotes.slicesOf(apiService)]
    const versions = parts.map((part) => part?.metadata.resourceVersion ?? '')
    const subject = JSON.stringify([apiService.metadata.uid, apiService.spec, versions])
    const known = this.#states.get(name)
    if (known?.subject === subject) return known
    const state = { subject, askAt: 0, failures: 0, busy: false }
    this.#states.set(name, state)
    return state
  }

  async #check(apiService: APIService, state: State, signal: AbortSignal): Promise<void> {
    const { remotes, clock, log } = this.#options
    let verdict = judge(apiService, remotes.serviceOf(apiService), remotes.slicesOf(apiService))
    if (verdict === undefined) {
      if (clock.elapsed() < state.askAt) return
      verdict = await this.#ask(apiService, signal)
      state.failures = verdict === passed ? 0 : state.failures + 1
      const backoff = firstBackoffMilliseconds * 2 ** Math.min(state.failures, 20)
      state.askAt = clock.elapsed() + (verdict === passed ? resyncMilliseconds : Math.min(backoff, resyncMilliseconds))
    } else {
      state.askAt = 0
    }
    try {
      await this.#write(apiService, verdict, signal)
    } catch (error) {
      if (!isNotFound(error) && !isConflict(error) && !signal.aborted) {
        log.warn({ err: error, apiService: apiService.metadata.name }, 'cannot write the status of an APIService')
      }
    }
  }

  /** Several at once, as a service may have endpoints that do not answer: one good answer is enough. */
  async #ask(apiService: APIService, signal: AbortSignal): Promise<Verdict> {
    const { remotes, client } = this.#options
    const { group = '', version = '' } = apiService.spec
    const path = `/apis/${group}/${version}`
    const enough = new AbortController()
    const until = AbortSignal.any([signal, enough.signal])
    try {
      const one = async (): Promise<Buffer> => ask(remotes.place(apiService), path, client, until)
      const body = await Promise.any(Array.from({ length: attempts }, one))
      this.#learn(apiService.metadata.name ?? '', parsed(body))
      return passed
    } catch (error) {
      const last: unknown = error instanceof AggregateError ? error.errors.at(-1) : error
      return failedDiscovery(last instanceof Error ? last.message : String(last))
    } finally {
      enough.abort()
    }
  }

  #learn(name: string, list: unknown): void {
    if (deepEqual(this.#discovered.get(name), list)) return
    this.#discovered.set(name, list)
    this.#generation++
  }

  async #write(apiService: APIService, verdict: Verdict, signal: AbortSignal): Promise<void> {
    const { registry, clock } = this.#options
    const now = formatTime(clock.now())
    if (withVerdict(apiService, verdict, now) === undefined) return
    const scope = internalScope(kindOfRef(apiServices), signal)
    const change = (current: APIService): APIService => {
      const conditions = withVerdict(current, verdict, now)
      return conditions === undefined ? current : { ...current, status: { ...current.status, conditions } }
    }
    await registry.update(scope, apiService.metadata.name ?? '', (current) => change(current as APIService), {
      subresource: 'status',
    })
  }
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString())
  } catch {
    return undefined
  }
}
