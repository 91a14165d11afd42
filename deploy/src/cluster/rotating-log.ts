import { createWriteStream, renameSync, statSync, type WriteStream } from 'node:fs'

/** A log file with a bound: at `limit` bytes it becomes `<path>.1` (replacing the older one) and a new one begins. */
export class RotatingLog {
  readonly #path: string
  readonly #limit: number
  #size: number
  #stream: WriteStream

  constructor(path: string, limit = 10 * 1024 * 1024) {
    this.#path = path
    this.#limit = limit
    this.#size = statSync(path, { throwIfNoEntry: false })?.size ?? 0
    this.#stream = createWriteStream(path, { flags: 'a' })
  }

  write(chunk: Buffer | string): void {
    if (this.#size > this.#limit) {
      this.#stream.end()
      renameSync(this.#path, `${this.#path}.1`)
      this.#stream = createWriteStream(this.#path, { flags: 'a' })
      this.#size = 0
    }
    this.#size += chunk.length
    this.#stream.write(chunk)
  }
}
