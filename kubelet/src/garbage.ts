import { isPodTerminal } from '@kubets/shared/api/pod.ts'
import type { ObjectReference, Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import type { Logger } from '@kubets/shared/machinery/logger.ts'
import type { Recorder } from './events.ts'
import { ImageGarbageCollector, type ImageGcPolicy } from './images/image-gc.ts'
import { collectContainers, type ContainerGcPolicy } from './pods/container-gc.ts'
import type { Runtime } from './runtime/types.ts'

// pkg/kubelet/kubelet.go ContainerGCPeriod, ImageGCPeriod
const containerPeriodMs = 60_000
const imagePeriodMs = 5 * 60_000

export interface GarbageOptions {
  runtime: Runtime
  /** The Pods of the node. */
  pods(): readonly Pod[]
  /** How full the disk with the images is. */
  imageDisk(signal: AbortSignal): Promise<{ capacityBytes: number; availableBytes: number }>
  images: ImageGcPolicy
  containers: ContainerGcPolicy
  imageCollected(reason: 'space' | 'age'): void
  /** Called when images have been collected, with those that are left and when that began. */
  imagesLeft(ids: ReadonlySet<string>, since: number): Promise<void>
  recorder: Recorder
  node: ObjectReference
  clock: Clock
  log: Logger
}

/** Removes dead containers and unused images, now and then or when somebody asks for room. */
// pkg/kubelet/kubelet.go StartGarbageCollection
export class GarbageCollector {
  readonly #options: GarbageOptions
  readonly #images: ImageGarbageCollector

  constructor(options: GarbageOptions) {
    this.#options = options
    const { runtime, imageDisk: disk, images: policy, imageCollected: collected, recorder, node, clock } = options
    const inUse = (signal: AbortSignal): Promise<ReadonlySet<string>> => imagesInUse(runtime, options.pods(), signal)
    this.#images = new ImageGarbageCollector({ images: runtime, inUse, disk, policy, collected, recorder, node, clock })
  }

  /** Collects until the signal aborts: containers every minute, images every five. */
  async run(signal: AbortSignal): Promise<void> {
    const { images, recorder, node } = this.#options
    const containers = this.#every(
      containerPeriodMs,
      () => this.#collectContainers(false, signal),
      signal,
      (message) => recorder.event(node, 'Warning', 'ContainerGCFailed', message),
    )
    // what is full to the brim is what such a threshold asks for
    if (images.highPercent === 100 && images.maxAgeMs === 0) return containers
    const collect = (): Promise<void> => this.#collectImages(() => this.#images.collect(signal), signal)
    const unused = this.#every(imagePeriodMs, collect, signal, (message, again) => {
      // once may be for a reason that passes
      if (again) recorder.event(node, 'Warning', 'ImageGCFailed', message)
    })
    await Promise.all([containers, unused])
  }

  /** Removes every container that does not run and that nobody needs, those of Pods that have ended, too. */
  // pkg/kubelet/container/container_gc.go DeleteAllUnusedContainers
  async deleteUnusedContainers(signal: AbortSignal): Promise<void> {
    await this.#collectContainers(true, signal)
  }

  /** Removes every image that nobody uses. */
  async deleteUnusedImages(signal: AbortSignal): Promise<void> {
    await this.#collectImages(() => this.#images.deleteUnused(signal), signal)
  }

  // pkg/kubelet/images/image_gc_manager.go runPostGCHooks
  async #collectImages(collect: () => Promise<void>, signal: AbortSignal): Promise<void> {
    const { runtime, imagesLeft, clock } = this.#options
    const since = clock.now()
    await collect()
    await imagesLeft(new Set((await runtime.listImages(signal)).map(({ id }) => id)), since)
  }

  async #collectContainers(ofEndedPods: boolean, signal: AbortSignal): Promise<void> {
    const { runtime, pods, containers, clock } = this.#options
    const ended = new Set(ofEndedPods ? pods().filter(isPodTerminal).map(uidOf) : [])
    const policy = ofEndedPods ? { ...containers, minAgeMs: 0 } : containers
    await collectContainers(runtime, policy, clock.now(), (uid) => ended.has(uid), signal)
  }

  async #every(
    ms: number,
    collect: () => Promise<void>,
    signal: AbortSignal,
    failed: (message: string, again: boolean) => void,
  ): Promise<void> {
    const { clock, log } = this.#options
    let again = false
    while (!signal.aborted) {
      try {
        await collect()
        again = false
      } catch (error) {
        if (signal.aborted) return
        const message = error instanceof Error ? error.message : String(error)
        log.warn({ error: message }, 'garbage could not be collected')
        failed(message, again)
        again = true
      }
      await clock.sleep(ms, signal).catch(() => undefined)
    }
  }
}

/** Of containers, and of volumes, of which the runtime knows nothing. */
async function imagesInUse(runtime: Runtime, pods: readonly Pod[], signal: AbortSignal): Promise<Set<string>> {
  const used = await runtime.imagesInUse(signal)
  const volumes = pods.filter((pod) => !isPodTerminal(pod)).flatMap(({ spec }) => spec.volumes ?? [])
  for (const reference of new Set(volumes.map(({ image }) => image?.reference ?? ''))) {
    const found = reference === '' ? undefined : await runtime.imageStatus(reference, signal)
    if (found) used.add(found.id)
  }
  return used
}

const uidOf = ({ metadata: { uid = '' } }: Pod): string => uid
