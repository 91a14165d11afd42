/** Lets so many things go on at the same time; what comes beyond that waits for its turn. */
export class Slots {
  readonly #count: number
  readonly #waiting: (() => void)[] = []
  #taken = 0

  /** @param count how many may go on at the same time */
  constructor(count: number) {
    this.#count = count
  }

  /** Does it in its turn; answers and rejects as the work does. */
  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.#taken >= this.#count) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    else this.#taken++
    try {
      return await work()
    } finally {
      const next = this.#waiting.shift()
      if (next) next()
      else this.#taken--
    }
  }
}
