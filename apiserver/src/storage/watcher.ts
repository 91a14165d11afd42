import type { Change } from './encoded.ts'
import type { Turns } from './turns.ts'
import type { Encoded, Watch, WatchEvent } from './types.ts'

/** Events a watcher may be behind before it is cut; they are shared, so this bounds references, not bytes. */
const maxPending = 10_000
/** Events of the first state that are handed out at once. */
const initialBatch = 500

/** One client's view of a resource's changes. */
export class Watcher implements Watch {
  readonly matches: (encoded: Encoded) => boolean
  readonly #onClose: (() => void)[]
  readonly #turns: Turns
  readonly #take = (): void => this.#wake?.()
  #initial: Iterator<readonly WatchEvent[]>
  #pending: WatchEvent[] = []
  #wake: (() => void) | undefined
  #closed = false

  /** `initial` comes before everything that is pushed. */
  constructor(
    turns: Turns,
    matches: (encoded: Encoded) => boolean,
    initial: readonly WatchEvent[],
    onClose: (watcher: Watcher) => void,
  ) {
    this.#turns = turns
    this.matches = matches
    this.#initial = batches(initial)
    this.#onClose = [() => onClose(this)]
  }

  push(change: Change): void {
    const event = change.eventFor(this.matches)
    if (event) this.send(event)
  }

  /** Adds an event; cuts the watcher when it is too far behind. */
  send(event: WatchEvent): void {
    if (this.#closed) return
    this.#pending.push(event)
    if (this.#pending.length > maxPending) this.close(true)
    else this.#turns.add(this.#take)
  }

  /** Calls `closed` when the watch ends, whoever ended it. */
  onClosed(closed: () => void): void {
    if (this.#closed) closed()
    else this.#onClose.push(closed)
  }

  /** Ends the iteration, after what is pending unless `drop`. */
  close(drop = false): void {
    if (this.#closed) return
    this.#closed = true
    if (drop) {
      this.#pending = []
      this.#initial = batches([])
    }
    for (const closed of this.#onClose) closed()
    this.#turns.add(this.#take)
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<readonly WatchEvent[]> {
    try {
      for (let next = this.#initial.next(); !next.done; next = this.#initial.next()) yield next.value
      for (;;) {
        if (this.#pending.length > 0) {
          const batch = this.#pending
          this.#pending = []
          yield batch
        } else if (this.#closed) {
          return
        } else {
          await new Promise<void>((resolve) => (this.#wake = resolve))
          this.#wake = undefined
        }
      }
    } finally {
      this.close(true)
    }
  }
}

function* batches(events: readonly WatchEvent[]): Generator<readonly WatchEvent[]> {
  for (let from = 0; from < events.length; from += initialBatch) yield events.slice(from, from + initialBatch)
}
