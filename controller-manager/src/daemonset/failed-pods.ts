// pkg/controller/daemon/daemon_controller.go NewDaemonSetsController
const firstMs = 1000
const longestMs = 15 * 60_000

/** How long a node waits before a Pod that failed on it is replaced: twice as long each time, for a set's generation. */
// client-go util/flowcontrol/backoff.go Backoff
export class FailedPods {
  readonly #entries = new Map<string, { waitMs: number; since: number }>()

  /** Milliseconds to wait yet; 0 when the Pod may be replaced now, and the next one waits longer. */
  wait(key: string, now: number): number {
    const entry = this.#entries.get(key)
    const isFresh = entry !== undefined && now - entry.since <= 2 * longestMs
    if (isFresh && now - entry.since < entry.waitMs) return entry.waitMs - (now - entry.since)
    this.#forgetOld(now)
    this.#entries.delete(key)
    this.#entries.set(key, { waitMs: isFresh ? Math.min(2 * entry.waitMs, longestMs) : firstMs, since: now })
    return 0
  }

  #forgetOld(now: number): void {
    for (const [key, { since }] of this.#entries) {
      // the oldest come first: each is put in anew when it changes
      if (now - since <= 2 * longestMs) return
      this.#entries.delete(key)
    }
  }
}
