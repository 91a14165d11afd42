import type { AuthConfig, ImageService } from '../runtime/types.ts'

/** Waits for what goes on for others too. Rejects with the signal's reason as soon as it aborts. */
export async function orAborted<T>(running: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted()
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const onAbort = (): void => reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([running, aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

/** Pulls images, as many at a time as it may, and one that several ask for only once. */
// pkg/kubelet/images/puller.go serialImagePuller, parallelImagePuller
export class ImagePuller {
  readonly #runtime: ImageService
  readonly #atOnce: number
  readonly #pulls = new Map<string, Promise<string>>()
  readonly #waiting: (() => void)[] = []
  #running = 0

  /** @param atOnce how many pulls may run at the same time */
  constructor(runtime: ImageService, atOnce: number) {
    this.#runtime = runtime
    this.#atOnce = atOnce
  }

  /**
   * Resolves when the image is there. Credentials are tried in their order, then none. A pull goes on for others when
   * one of those who wait for it aborts.
   */
  async pull(image: string, auths: readonly AuthConfig[], lifetime: AbortSignal, signal: AbortSignal): Promise<void> {
    const key = JSON.stringify([image, auths])
    let running = this.#pulls.get(key)
    if (!running) {
      running = this.#inTurn(() => this.#try(image, auths, lifetime)).finally(() => this.#pulls.delete(key))
      running.catch(() => undefined)
      this.#pulls.set(key, running)
    }
    await orAborted(running, signal)
  }

  async #inTurn<T>(pull: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#atOnce) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    else this.#running++
    try {
      return await pull()
    } finally {
      const next = this.#waiting.shift()
      if (next) next()
      else this.#running--
    }
  }

  async #try(image: string, auths: readonly AuthConfig[], signal: AbortSignal): Promise<string> {
    let failure: unknown
    for (const auth of auths.length > 0 ? auths : [undefined]) {
      try {
        return await this.#runtime.pullImage(image, auth, signal)
      } catch (error) {
        failure = error
      }
    }
    throw failure
  }
}
