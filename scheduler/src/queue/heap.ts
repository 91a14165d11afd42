/** A binary heap of values with unique keys, so that one can be taken out of the middle. */
export class Heap<T> {
  readonly #items: T[] = []
  readonly #index = new Map<string, number>()
  readonly #key: (item: T) => string
  readonly #less: (a: T, b: T) => boolean

  constructor(key: (item: T) => string, less: (a: T, b: T) => boolean) {
    this.#key = key
    this.#less = less
  }

  get size(): number {
    return this.#items.length
  }

  /** All of them, in no order. */
  get items(): readonly T[] {
    return this.#items
  }

  peek(): T | undefined {
    return this.#items[0]
  }

  get(key: string): T | undefined {
    const at = this.#index.get(key)
    return at === undefined ? undefined : this.#items[at]
  }

  /** Adds, or replaces the one with the same key. */
  put(item: T): void {
    const key = this.#key(item)
    const at = this.#index.get(key) ?? this.#items.length
    this.#place(item, at)
    this.#down(this.#up(at))
  }

  pop(): T | undefined {
    const first = this.#items[0]
    if (first !== undefined) this.delete(this.#key(first))
    return first
  }

  delete(key: string): T | undefined {
    const at = this.#index.get(key)
    if (at === undefined) return undefined
    const item = this.#items[at]
    const last = this.#items.pop()
    this.#index.delete(key)
    if (at < this.#items.length && last !== undefined) {
      this.#place(last, at)
      this.#down(this.#up(at))
    }
    return item
  }

  #place(item: T, at: number): void {
    this.#items[at] = item
    this.#index.set(this.#key(item), at)
  }

  #up(from: number): number {
    let at = from
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!this.#swapIfLess(at, parent)) break
      at = parent
    }
    return at
  }

  #down(from: number): void {
    let at = from
    for (;;) {
      const left = 2 * at + 1
      const right = left + 1
      const child = right < this.#items.length && this.#isLess(right, left) ? right : left
      if (child >= this.#items.length || !this.#swapIfLess(child, at)) return
      at = child
    }
  }

  #isLess(a: number, b: number): boolean {
    return this.#less(this.#items[a] as T, this.#items[b] as T)
  }

  /** Exchanges the two when the first comes before the second. */
  #swapIfLess(a: number, b: number): boolean {
    if (!this.#isLess(a, b)) return false
    const [itemA, itemB] = [this.#items[a] as T, this.#items[b] as T]
    this.#place(itemA, b)
    this.#place(itemB, a)
    return true
  }
}
