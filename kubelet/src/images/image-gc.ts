import type { Clock } from '@kubets/shared/machinery/clock.ts'
import { formatGoDuration } from '@kubets/shared/machinery/schema/go-values.ts'
import type { ObjectReference } from '@kubets/shared/api/types/core-v1.ts'
import type { Recorder } from '../events.ts'
import type { ImageService } from '../runtime/types.ts'
import { recordImages, tooFull, unusedImages, unusedSince, type ImageRecord } from './image-records.ts'

export interface ImageGcPolicy {
  highPercent: number
  lowPercent: number
  minAgeMs: number
  /** How long nobody may have used an image before it goes, however much room there is; 0 for any time. */
  maxAgeMs: number
}

export interface ImageGcOptions {
  images: Pick<ImageService, 'listImages' | 'removeImage'>
  /** The ids of the images that must stay. */
  inUse(signal: AbortSignal): Promise<ReadonlySet<string>>
  /** How full the disk with the images is. */
  disk(signal: AbortSignal): Promise<{ capacityBytes: number; availableBytes: number }>
  policy: ImageGcPolicy
  recorder: Recorder
  node: ObjectReference
  clock: Clock
  /** Called for each image that was removed. */
  collected(reason: 'space' | 'age'): void
}

/** Removes images that nobody uses when their disk is too full. */
// pkg/kubelet/images/image_gc_manager.go realImageGCManager
export class ImageGarbageCollector {
  readonly #options: ImageGcOptions
  #records: ReadonlyMap<string, ImageRecord> = new Map()
  readonly #beganAt: number

  constructor(options: ImageGcOptions) {
    this.#options = options
    this.#beganAt = options.clock.elapsed()
  }

  /** Notes which images there are and which are used: what is not noted for long enough cannot go. */
  async detect(signal: AbortSignal): Promise<number> {
    const { images, inUse, clock } = this.#options
    const [all, used] = await Promise.all([images.listImages(signal), inUse(signal)])
    const now = clock.elapsed()
    this.#records = recordImages(this.#records, all, used, now)
    return now
  }

  /** Makes room when the disk is too full; throws when not enough of it can be had. */
  // GarbageCollect
  async collect(signal: AbortSignal): Promise<void> {
    const { disk, policy } = this.#options
    await this.#freeOld(await this.detect(signal), signal)
    const found = await disk(signal)
    if (found.capacityBytes === 0) this.#fail('InvalidDiskCapacity', 'invalid capacity 0 on image filesystem')
    const full = tooFull(found, policy)
    if (!full) return
    const freed = await this.#free(full.toFree, signal)
    if (freed >= full.toFree) return
    const size = formatSize(found.capacityBytes)
    this.#fail(
      'FreeDiskSpaceFailed',
      `Insufficient free disk space on the node's image filesystem (${full.usagePercent}% of ${size} used). ` +
        `Failed to free sufficient space by deleting unused images (freed ${freed} bytes). ` +
        'Investigate disk usage, as it could be used by active images, logs, volumes, or other data.',
    )
  }

  /** Removes all images that nobody uses. */
  // DeleteUnusedImages
  async deleteUnused(signal: AbortSignal): Promise<void> {
    await this.#free(Infinity, signal)
  }

  #fail(reason: string, message: string): never {
    const { recorder, node } = this.#options
    recorder.event(node, 'Warning', reason, message)
    throw new Error(message)
  }

  /** Removes what nobody used for too long; what was used before the kubelet began, nobody knows. */
  // freeOldImages
  async #freeOld(now: number, signal: AbortSignal): Promise<void> {
    const { images, policy, collected } = this.#options
    if (policy.maxAgeMs === 0 || now - this.#beganAt <= policy.maxAgeMs) return
    const errors: string[] = []
    for (const { id } of unusedSince(this.#records, now, policy.maxAgeMs)) {
      try {
        await images.removeImage(id, signal)
        collected('age')
      } catch (error) {
        signal.throwIfAborted()
        errors.push(error instanceof Error ? error.message : String(error))
      }
    }
    if (errors.length === 0) return
    const age = formatGoDuration(BigInt(policy.maxAgeMs) * 1_000_000n)
    const all = errors.length === 1 ? errors[0] : `[${errors.join(', ')}]`
    throw new Error(`wanted to free images older than ${age}, encountered errors in image deletion: ${all}`)
  }

  /** Returns how many bytes it freed. Throws when an image could not be removed, after all the others. */
  // freeSpace
  async #free(wanted: number, signal: AbortSignal): Promise<number> {
    const { images, policy, collected } = this.#options
    const now = await this.detect(signal)
    const errors: string[] = []
    let freed = 0
    for (const { id, size } of unusedImages(this.#records, now, policy.minAgeMs)) {
      try {
        await images.removeImage(id, signal)
        collected('space')
        freed += size
        if (freed >= wanted) break
      } catch (error) {
        signal.throwIfAborted()
        errors.push(error instanceof Error ? error.message : String(error))
      }
    }
    if (errors.length > 0) {
      const all = errors.length === 1 ? errors[0] : `[${errors.join(', ')}]`
      const goal = wanted === Infinity ? '9223372036854775807' : String(wanted)
      throw new Error(
        `wanted to free ${goal} bytes, but freed ${freed} bytes space with errors in image deletion: ${all}`,
      )
    }
    return freed
  }
}

function formatSize(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit++
  }
  return unit === 0 ? `${value} B` : `${value.toFixed(1)} ${units[unit]}`
}
