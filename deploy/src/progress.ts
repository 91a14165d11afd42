/** Progress for a person: one line a step, with the seconds since the command began and those the step took. */
export class Progress {
  readonly #start = performance.now()
  readonly #write: (line: string) => void

  /** @param write takes one finished line without its newline. */
  constructor(write: (line: string) => void) {
    this.#write = write
  }

  /** Runs `work`, then prints the step's name and time; a string that `work` returns is added to the line. */
  async step<T>(name: string, work: () => Promise<T>): Promise<T> {
    const began = performance.now()
    try {
      const result = await work()
      const note = typeof result === 'string' && result !== '' ? `: ${result}` : ''
      this.#line(`${name}${note} (${seconds(performance.now() - began)})`)
      return result
    } catch (error) {
      this.#line(`${name}: failed (${seconds(performance.now() - began)})`)
      throw error
    }
  }

  /** Seconds since the command began, as text: "7.3s". */
  elapsed(): string {
    return seconds(performance.now() - this.#start)
  }

  #line(text: string): void {
    this.#write(`[${this.elapsed().padStart(7)}] ${text}`)
  }
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)}s`
}
