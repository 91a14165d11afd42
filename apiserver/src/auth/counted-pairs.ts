/** Pairs of names, each as often as it was added; what was taken away as often leaves nothing behind. */
export class CountedPairs {
  readonly #pairs = new Map<string, Map<string, number>>()

  /** How many names come first in a pair. */
  get size(): number {
    return this.#pairs.size
  }

  has(first: string, second: string): boolean {
    return this.#pairs.get(first)?.has(second) ?? false
  }

  /** All that are paired with it, each once. */
  of(first: string): Iterable<string> {
    return this.#pairs.get(first)?.keys() ?? []
  }

  add(first: string, second: string): void {
    let seconds = this.#pairs.get(first)
    if (!seconds) this.#pairs.set(first, (seconds = new Map()))
    seconds.set(second, (seconds.get(second) ?? 0) + 1)
  }

  remove(first: string, second: string): void {
    const seconds = this.#pairs.get(first)
    const count = seconds?.get(second)
    if (!seconds || count === undefined) return
    if (count > 1) seconds.set(second, count - 1)
    else seconds.delete(second)
    if (seconds.size === 0) this.#pairs.delete(first)
  }

  clear(): void {
    this.#pairs.clear()
  }
}
