import { pods } from '@kubets/shared/api/resources.gen.ts'
import type { Node } from '@kubets/shared/api/types/core-v1.ts'
import type { Client } from '@kubets/shared/client/client.ts'
import { runWorkers } from '@kubets/shared/client/controller.ts'
import { WorkQueue } from '@kubets/shared/client/workqueue.ts'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import { isConflict, isNotFound } from '@kubets/shared/machinery/errors.ts'
import type { Logger } from '@kubets/shared/machinery/logger.ts'
import { mirrorOf, mirrorStep, type Mirrored } from './mirror.ts'

const longestRetryMs = 10_000
const noNodeRetryMs = 500

export interface MirrorWriterOptions {
  client: Client
  clock: Clock
  log: Logger
  /** What is known of a Pod by its full name. */
  find(fullName: string): Mirrored
  /** The Node object as the API server has it now. */
  node(): Promise<Node>
}

/** Creates the mirrors of static Pods, and takes away those that show what is not, or not any more. */
// pkg/kubelet/pod/mirror_client.go
export class MirrorWriter {
  readonly #options: MirrorWriterOptions
  readonly #queue: WorkQueue

  constructor(options: MirrorWriterOptions) {
    this.#options = options
    this.#queue = new WorkQueue({ name: 'mirrors', clock: options.clock, maxDelayMs: longestRetryMs })
  }

  /** Something about the Pod or the mirror of that name may have changed. */
  check(fullName: string): void {
    this.#queue.add(fullName)
  }

  /** Works until the signal aborts. The mirrors there are must be known by now. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options
    const reconcile = (key: string): Promise<void> => this.#reconcile(key, signal)
    await runWorkers({ name: 'mirrors', queue: this.#queue, workers: 1, reconcile, clock, log }, signal)
  }

  async #reconcile(key: string, signal: AbortSignal): Promise<void> {
    const { client, find } = this.#options
    const seen = find(key)
    const step = mirrorStep(seen)
    if (step === 'delete' && seen.mirror) {
      const { name = '', namespace = '', uid = '' } = seen.mirror.metadata
      const options = { namespace, gracePeriodSeconds: 0, preconditions: { uid }, signal }
      await client.delete(pods, name, options).catch((error: unknown) => {
        if (!isNotFound(error) && !isConflict(error)) throw error
      })
    } else if (step === 'create' && seen.pod) {
      const node = await this.#node()
      if (!node) return this.#queue.addAfter(key, noNodeRetryMs)
      if (node.metadata.deletionTimestamp !== undefined) return
      const { namespace = '' } = seen.pod.metadata
      await client.create(pods, mirrorOf(seen.pod, node), { namespace, signal })
    }
  }

  /** undefined while the node is not registered. */
  async #node(): Promise<Node | undefined> {
    try {
      return await this.#options.node()
    } catch (error) {
      if (isNotFound(error)) return undefined
      throw error
    }
  }
}
