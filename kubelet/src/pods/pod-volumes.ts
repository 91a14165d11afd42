import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { PodAddresses } from '../containers/downward.ts'
import { attachLimitMessage, volumeEvents, VolumesError, type VolumeFailure } from '../volumes/errors.ts'
import { usedVolumes } from '../volumes/used.ts'
import type { PodDeps } from './deps.ts'
import type { PodFailure, StartFailure } from './model.ts'
import { volumeRetry } from './volume-retry.ts'

const refreshMs = 60_000
// pkg/kubelet/volumemanager/volume_manager.go podAttachAndMountTimeout
const attachPatienceMs = 123_000

/** What came of setting volumes up: nothing where all are there. */
interface MountResult {
  /** Why they are not there, and when they are to be tried again. */
  readonly failure?: StartFailure
  /** The Pod cannot stay: the node takes no more volumes of a driver. */
  readonly rejected?: PodFailure
}

/** The volumes of one Pod: whether they are there, and until when their files are up to date. Tells of them by events. */
export class PodVolumes {
  readonly #deps: PodDeps
  /** The names of those that are there, when all are. */
  #mounted: ReadonlySet<string> | undefined
  #onDisk = true
  #failures = 0
  /** Since when they are tried, in elapsed time, as far as nobody has looked yet whether they will come at all. */
  #attachingSince: number | undefined
  #refreshAt = 0

  constructor(deps: PodDeps) {
    this.#deps = deps
  }

  /** Whether something of them may lie on the node. */
  get onDisk(): boolean {
    return this.#onDisk
  }

  /** Whether all that containers have are there: an ephemeral container may have one that nobody had before. */
  areMounted(pod: Pod): boolean {
    return this.#mounted !== undefined && usedVolumes(pod).every(({ name }) => this.#mounted?.has(name))
  }

  /** There is a newer version of the Pod: files that tell of it follow it at once. */
  updated(before: Pod, pod: Pod): void {
    if (toldOf(pod) !== toldOf(before)) this.changed()
  }

  /** What their files show has changed: the next refresh is due. */
  changed(): void {
    this.#refreshAt = 0
  }

  /** The Pod has addresses now: files that tell of them could not be written before. */
  addressed(pod: Pod): void {
    if (JSON.stringify(pod.spec.volumes ?? []).includes('status.podIP')) this.#mounted = undefined
  }

  /** Sets them all up. Throws what the signal was aborted with, and what is no fault of a volume. */
  async mount(pod: Pod, addresses: PodAddresses, signal: AbortSignal): Promise<MountResult> {
    const { volumes, volumeSources, clock } = this.#deps
    this.#onDisk = true
    volumeSources.follow(pod)
    this.#attachingSince ??= clock.elapsed()
    this.#refreshAt = clock.elapsed() + refreshMs
    try {
      await volumes.setUp(pod, addresses, signal)
      this.#mounted = new Set(usedVolumes(pod).map(({ name }) => name))
      this.#failures = 0
      this.#attachingSince = undefined
      return {}
    } catch (error) {
      const found = this.#tell(pod, error, signal)
      const { waitMs, failures } = volumeRetry(found, this.#failures)
      this.#failures = failures
      const rejected = await this.#atLimit(pod, found, signal)
      const message = error instanceof Error ? error.message : ''
      const failure = { reason: 'FailedMount', message, retryAt: clock.elapsed() + waitMs }
      return rejected === undefined ? { failure } : { failure, rejected }
    }
  }

  /**
   * Brings their files up to date when that is due.
   * @returns in how many milliseconds it is due again; undefined when nothing of them changes
   */
  async refresh(pod: Pod, addresses: PodAddresses, signal: AbortSignal): Promise<number | undefined> {
    const elapsed = this.#deps.clock.elapsed()
    if (elapsed >= this.#refreshAt) {
      this.#refreshAt = elapsed + refreshMs
      await this.#deps.volumes.setUp(pod, addresses, signal).catch((error: unknown) => this.#tell(pod, error, signal))
    }
    const changing = pod.spec.volumes?.some((volume) => !volume.hostPath && !volume.emptyDir)
    return changing ? Math.max(1, this.#refreshAt - elapsed) : undefined
  }

  /** Takes them away, when nothing of the Pod runs any more. */
  async unmount(uid: string, signal: AbortSignal): Promise<void> {
    this.#deps.volumeSources.forget(uid)
    await this.#deps.volumes.tearDown(uid, signal)
    this.#mounted = undefined
    this.#onDisk = false
  }

  #tell(pod: Pod, error: unknown, signal: AbortSignal): readonly VolumeFailure[] {
    signal.throwIfAborted()
    if (!(error instanceof VolumesError)) throw error
    for (const { reason, message } of volumeEvents(error.failures)) {
      this.#deps.recorder.event(pod, 'Warning', reason, message)
    }
    return error.failures
  }

  /** Looks, when they have been waited for long enough, whether the node takes no more of them. */
  // pkg/kubelet/kubelet.go SyncPod, rejectPod
  async #atLimit(pod: Pod, failures: readonly VolumeFailure[], signal: AbortSignal): Promise<PodFailure | undefined> {
    const { volumes, recorder, clock } = this.#deps
    const now = clock.elapsed()
    if (now - (this.#attachingSince ?? now) < attachPatienceMs) return undefined
    this.#attachingSince = now
    if (!(await volumes.atLimit(failures, signal))) return undefined
    const reason = 'VolumeAttachmentLimitExceeded'
    const message = attachLimitMessage(failures)
    recorder.event(pod, 'Warning', reason, message)
    return { reason, message: `Pod was rejected: ${message}` }
  }
}

/** What files of the downward API may tell of a Pod, and may change. */
function toldOf({ metadata: { labels, annotations }, spec }: Pod): string {
  return JSON.stringify([labels, annotations, spec.containers.map(({ resources }) => resources)])
}
