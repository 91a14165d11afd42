interface Entry {
  key: string
  at: number
}

/** Keys by the time they are due; each key once, with its earliest time. */
// client-go util/workqueue/delaying_queue.go waitForPriorityQueue
export class DelayHeap {
  readonly #due = new Map<string, number>()
  /** A binary heap; an entry that #due no longer confirms is stale and skipped. */
  #heap: Entry[] = []

  /** Infinity when empty. */
  get nextAt(): number {
    this.#dropStale()
    return this.#heap[0]?.at ?? Infinity
  }

  add(key: string, at: number): void {
    const known = this.#due.get(key)
    if (known !== undefined && known <= at) return
    this.#due.set(key, at)
    this.#heap.push({ key, at })
    this.#up(this.#heap.length - 1)
  }

  /** Removes and returns the keys due at `now`, the earliest first. */
  takeDue(now: number): string[] {
    const keys: string[] = []
    while (this.nextAt <= now) {
      const { key } = this.#pop() as Entry
      this.#due.delete(key)
      keys.push(key)
    }
    return keys
  }

  clear(): void {
    this.#due.clear()
    this.#heap = []
  }

  #dropStale(): void {
    for (let top = this.#heap[0]; top !== undefined && this.#due.get(top.key) !== top.at; top = this.#heap[0])
      this.#pop()
  }

  #pop(): Entry | undefined {
    const top = this.#heap[0]
    const last = this.#heap.pop()
    if (last !== undefined && this.#heap.length > 0) {
      this.#heap[0] = last
      this.#down(0)
    }
    return top
  }

  #up(i: number): void {
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (this.#at(parent) <= this.#at(i)) return
      this.#swap(i, parent)
      i = parent
    }
  }

  #down(i: number): void {
    for (;;) {
      let least = i
      for (const child of [2 * i + 1, 2 * i + 2]) if (this.#at(child) < this.#at(least)) least = child
      if (least === i) return
      this.#swap(i, least)
      i = least
    }
  }

  #at(i: number): number {
    return this.#heap[i]?.at ?? Infinity
  }

  #swap(i: number, j: number): void {
    const [a, b] = [this.#heap[i], this.#heap[j]]
    if (a !== undefined && b !== undefined) [this.#heap[i], this.#heap[j]] = [b, a]
  }
}
