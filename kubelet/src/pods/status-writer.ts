import type { Client } from '@kubets/shared/client/client.ts'
import { pods } from '@kubets/shared/api/resources.gen.ts'
import type { Pod, PodCondition, PodStatus } from '@kubets/shared/api/types/core-v1.ts'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import { deepEqual } from '@kubets/shared/machinery/deep.ts'
import { isConflict, isNotFound } from '@kubets/shared/machinery/errors.ts'
import type { Logger } from '@kubets/shared/machinery/logger.ts'

interface Entry {
  namespace: string
  name: string
  uid: string
  wanted: PodStatus | undefined
  /** The newest status known to be at the server, and its resourceVersion. */
  known: PodStatus
  version: number
  sending: Promise<void> | undefined
}

const firstRetryMs = 200
const longestRetryMs = 10_000
const deleteRetryMs = 1000

/** Writes Pod statuses to the API server: only what changed, the newest only, one request a Pod at a time; at the end it deletes the Pod. */
// pkg/kubelet/status/status_manager.go
export class StatusWriter {
  readonly #client: Client
  readonly #clock: Clock
  readonly #log: Logger
  readonly #lifetime: AbortSignal
  readonly #entries = new Map<string, Entry>()

  constructor(client: Client, clock: Clock, log: Logger, lifetime: AbortSignal) {
    this.#client = client
    this.#clock = clock
    this.#log = log
    this.#lifetime = lifetime
  }

  /** Takes a Pod as it came from the server; a status that somebody else changed is corrected. */
  observe(pod: Pod): void {
    const entry = this.#entry(pod)
    const version = Number(pod.metadata.resourceVersion ?? 0)
    if (version < entry.version) return
    entry.version = version
    entry.known = pod.status ?? {}
    this.#send(entry)
  }

  /** Wants this status for the Pod; returns at once. */
  report(pod: Pod, status: PodStatus): void {
    const entry = this.#entry(pod)
    entry.wanted = status
    this.#send(entry)
  }

  /**
   * Deletes the API object of a Pod of which nothing is left, after its last status; where that goes wrong, again as long as
   * the object is `there`.
   */
  // canBeDeleted, syncPod
  async delete({ metadata: { uid = '', name = '', namespace = '' } }: Pod, there: () => boolean): Promise<void> {
    const entry = this.#entries.get(uid)
    while (entry?.sending) await entry.sending
    for (;;) {
      try {
        const options = { namespace, gracePeriodSeconds: 0, preconditions: { uid }, signal: this.#lifetime }
        await this.#client.delete(pods, name, options)
        return
      } catch (error) {
        if (isNotFound(error) || isConflict(error) || this.#lifetime.aborted) return
        const text = 'a Pod that has ended could not be deleted, will be tried again'
        this.#log.warn({ pod: name, error: String(error) }, text)
        await this.#clock.sleep(deleteRetryMs, this.#lifetime).catch(() => undefined)
        // somebody else may have deleted it meanwhile
        if (!there()) return
      }
    }
  }

  forget(uid: string): void {
    this.#entries.delete(uid)
  }

  #entry(pod: Pod): Entry {
    const { uid = '', namespace = '', name = '', resourceVersion } = pod.metadata
    let entry = this.#entries.get(uid)
    if (!entry) {
      const version = Number(resourceVersion ?? 0)
      entry = { namespace, name, uid, wanted: undefined, known: pod.status ?? {}, version, sending: undefined }
      this.#entries.set(uid, entry)
    }
    return entry
  }

  #send(entry: Entry): void {
    entry.sending ??= this.#drain(entry).finally(() => {
      entry.sending = undefined
      // what came in while the last request was being finished
      if (this.#isCurrent(entry) && pending(entry)) this.#send(entry)
    })
  }

  #isCurrent(entry: Entry): boolean {
    return !this.#lifetime.aborted && this.#entries.get(entry.uid) === entry
  }

  async #drain(entry: Entry): Promise<void> {
    let retryMs = firstRetryMs
    for (;;) {
      const patch = pending(entry)
      if (!patch || !this.#isCurrent(entry)) return
      try {
        const body = { metadata: { uid: entry.uid }, status: patch }
        const options = { type: 'strategic', namespace: entry.namespace, subresource: 'status' } as const
        const signal = this.#lifetime
        const before = entry.version
        const updated = await this.#client.patch(pods, entry.name, body, { ...options, signal })
        entry.known = updated.status ?? {}
        if (Number(updated.metadata.resourceVersion) === before) {
          // The server keeps what we wanted to change: asking again would only ask for ever.
          this.#log.error({ pod: entry.name, patch }, 'the server did not take over a status')
          entry.wanted = undefined
          return
        }
        entry.version = Number(updated.metadata.resourceVersion ?? entry.version)
        retryMs = firstRetryMs
      } catch (error) {
        // another Pod of the same name has taken its place: nobody waits for this status any more
        if (isNotFound(error) || isConflict(error)) {
          entry.wanted = undefined
          return
        }
        this.#log.warn({ pod: entry.name, error: String(error) }, 'status could not be written')
        await this.#clock.sleep(retryMs, this.#lifetime).catch(() => undefined)
        retryMs = Math.min(retryMs * 2, longestRetryMs)
      }
    }
  }
}

function pending(entry: Entry): Record<string, unknown> | undefined {
  return entry.wanted && statusPatch(entry.known, entry.wanted)
}

// conditions of the kubelet's that are there for a time only
const passing = new Set(['PodResizePending', 'PodResizeInProgress'])

const replaced = new Set(['podIPs', 'hostIPs'])

/** A strategic merge patch from one status to the other; undefined when nothing differs. Others' conditions stay. */
export function statusPatch(known: PodStatus, wanted: PodStatus): Record<string, unknown> | undefined {
  const patch: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(wanted)) {
    const before = (known as Record<string, unknown>)[key]
    if (key === 'conditions') {
      const changed = (value as PodCondition[]).flatMap((one) => {
        const old = known.conditions?.find((other) => other.type === one.type)
        return deepEqual(stable(old), stable(one)) ? [] : [withoutOldTexts(old, one)]
      })
      const gone = (known.conditions ?? [])
        .filter(({ type }) => passing.has(type) && !(value as PodCondition[]).some((one) => one.type === type))
        .map(({ type }) => ({ type, $patch: 'delete' }))
      if (changed.length + gone.length > 0) patch[key] = [...changed, ...gone]
    } else if (!deepEqual(before, value)) {
      // lists with a merge key would keep the old addresses otherwise
      patch[key] = replaced.has(key) ? [{ $patch: 'replace' }, ...(value as unknown[])] : value
    }
  }
  for (const key of ['reason', 'message', 'podIP', 'podIPs'] as const) {
    if (known[key] !== undefined && wanted[key] === undefined) patch[key] = null
  }
  return Object.keys(patch).length > 0 ? patch : undefined
}

/** Conditions merge field by field: a reason or message that is no more has to be taken out by name. */
function withoutOldTexts(old: PodCondition | undefined, condition: PodCondition): object {
  return {
    ...condition,
    ...(old?.reason !== undefined && condition.reason === undefined ? { reason: null } : {}),
    ...(old?.message !== undefined && condition.message === undefined ? { message: null } : {}),
  }
}

function stable(condition: PodCondition | undefined): Partial<PodCondition> {
  const { type, status, reason, message, lastTransitionTime, observedGeneration } = condition ?? {}
  return { type, status, reason, message, lastTransitionTime, observedGeneration }
}
