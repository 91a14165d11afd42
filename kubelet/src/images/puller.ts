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

/** Pulls one image after the other, and one that several ask for only once. */
// pkg/kubelet/images/puller.go serialImagePuller
export class ImagePuller {
  readonly #runtime: ImageService
  readonly #pulls = new Map<string, Promise<string>>()
  #last: Promise<unknown> = Promise.resolve()

  constructor(runtime: ImageService) {
    this.#runtime = runtime
  }

  /**
   * Resolves when the image is there. Credentials are tried in their order, then none. A pull goes on for others when
   * one of those who wait for it aborts.
   */
  async pull(image: string, auths: readonly AuthConfig[], lifetime: AbortSignal, signal: AbortSignal): Promise<void> {
    const key = JSON.stringify([image, auths])
    let running = this.#pulls.get(key)
    if (!running) {
      running = this.#last.then(() => this.#try(image, auths, lifetime))
      this.#pulls.set(key, running)
      this.#last = running.catch(() => undefined).finally(() => this.#pulls.delete(key))
    }
    await orAborted(running, signal)
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
