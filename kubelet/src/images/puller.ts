import type { ImageService } from '../runtime/types.ts'
import { Slots } from '../slots.ts'
import type { TrackedAuth } from './pull-records.ts'
import type { PulledImages } from './pulled-images.ts'

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

/** Keeps what is being pulled and what was. */
export type PullRecorder = Pick<PulledImages, 'begins' | 'succeeded' | 'failed'>

/** That an image is to be pulled could not be written down. */
export class IntentError extends Error {}

/** Pulls images, as many at a time as it may, and one that several ask for only once. */
// pkg/kubelet/images/puller.go serialImagePuller, parallelImagePuller
export class ImagePuller {
  readonly #runtime: ImageService
  readonly #pulled: PullRecorder
  readonly #slots: Slots
  readonly #pulls = new Map<string, Promise<void>>()

  /** @param atOnce how many pulls may run at the same time */
  constructor(runtime: ImageService, pulled: PullRecorder, atOnce: number) {
    this.#runtime = runtime
    this.#pulled = pulled
    this.#slots = new Slots(atOnce)
  }

  /**
   * Resolves when the image is there. Credentials are tried in their order, then none. A pull goes on for others when
   * one of those who wait for it aborts.
   */
  async pull(image: string, auths: readonly TrackedAuth[], lifetime: AbortSignal, signal: AbortSignal): Promise<void> {
    const key = JSON.stringify([image, auths])
    let running = this.#pulls.get(key)
    if (!running) {
      running = this.#recorded(image, auths, lifetime).finally(() => this.#pulls.delete(key))
      running.catch(() => undefined)
      this.#pulls.set(key, running)
    }
    await orAborted(running, signal)
  }

  async #recorded(image: string, auths: readonly TrackedAuth[], lifetime: AbortSignal): Promise<void> {
    await this.#pulled.begins(image).catch((error: unknown) => {
      throw new IntentError((error as Error).message)
    })
    try {
      const { id, used } = await this.#slots.take(() => this.#try(image, auths, lifetime))
      await this.#pulled.succeeded(image, id, used)
    } catch (error) {
      // when the kubelet ends, nobody knows what becomes of it
      if (!lifetime.aborted) await this.#pulled.failed(image)
      throw error
    }
  }

  async #try(
    image: string,
    auths: readonly TrackedAuth[],
    signal: AbortSignal,
  ): Promise<{ id: string; used: TrackedAuth | undefined }> {
    let failure: unknown
    for (const used of auths.length > 0 ? auths : [undefined]) {
      try {
        return { id: await this.#runtime.pullImage(image, used?.auth, signal), used }
      } catch (error) {
        failure = error
      }
    }
    throw failure
  }
}
