import { lowerBoundBy } from './lower-bound.ts'
import type { Change } from './encoded.ts'

// apiserver/pkg/storage/cacher/watch_cache.go defaultLowerBoundCapacity, eventFreshDuration
const minimum = 100
const freshMs = 75_000
const maximum = 20_000

/** The last changes of one resource: kept for 75 s, at least 100 of them, at most 20,000. */
export class History {
  #changes: Change[] = []
  #first = 0
  #start: number

  /** `start`: the revision after which every change is in here. */
  constructor(start: number) {
    this.#start = start
  }

  /** A watch can begin after this revision and after every later one. */
  get start(): number {
    return this.#start
  }

  add(change: Change): void {
    this.#changes.push(change)
    const oldest = change.time - freshMs
    for (;;) {
      const count = this.#changes.length - this.#first
      const candidate = this.#changes[this.#first]
      if (!candidate || count <= minimum || (count <= maximum && candidate.time > oldest)) break
      this.#first++
      this.#start = candidate.revision
    }
    // what is forgotten holds objects and their bytes until it is cut off
    if (this.#first > minimum && this.#first * 2 > this.#changes.length) {
      this.#changes = this.#changes.slice(this.#first)
      this.#first = 0
    }
  }

  /** The changes after `revision`, in order; undefined when some of them are forgotten. */
  since(revision: number): readonly Change[] | undefined {
    if (revision < this.#start) return undefined
    return this.#changes.slice(lowerBoundBy(this.#changes, this.#first, (change) => change.revision > revision))
  }
}
