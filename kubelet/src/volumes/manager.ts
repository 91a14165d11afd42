import { chmod, chown, mkdir, readdir, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import type { Pod, Volume } from '@kubets/shared/api/types/core-v1.ts'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import { parseQuantity } from '@kubets/shared/machinery/quantity.ts'
import { podSettings } from '../cgroups/pod-settings.ts'
import type { NodeAllocatable, PodAddresses } from '../containers/downward.ts'
import type { MountedVolume } from '../containers/mounts.ts'
import type { ObjectSource } from '../objects.ts'
import type { CsiVolumes } from '../csi/volumes.ts'
import { folderUsage, type MeasuredVolume } from '../stats/sizes.ts'
import { writeAtomically } from './atomic-writer.ts'
import { prepareHostPath } from './host-path.ts'
import { VolumeError, VolumeProcessError, VolumesError, VolumeWait, type VolumeFailure } from './errors.ts'
import { ForeignVolumes, isForeign } from './foreign.ts'
import { pageSizeOf } from './huge-pages.ts'
import { isMounted, mountHugePages, mountsBelow, mountTmpfs, unmount } from './mounts.ts'
import { volumePayload, type PayloadContext } from './payload.ts'
import { removeSubPaths } from './subpath.ts'
import { TokenCache } from './tokens.ts'
import { usedVolumes } from './used.ts'

export interface VolumeManagerOptions {
  /** The kubelet's folder (--root-dir). */
  rootDir: string
  objects: ObjectSource
  allocatable: NodeAllocatable
  csi: CsiVolumes
  clock: Clock
}

// folder names as upstream has them (pkg/volume/*), so that tools which look there find their way
const folders: Readonly<Record<string, string>> = {
  emptyDir: 'kubernetes.io~empty-dir',
  configMap: 'kubernetes.io~configmap',
  secret: 'kubernetes.io~secret',
  downwardAPI: 'kubernetes.io~downward-api',
  projected: 'kubernetes.io~projected',
  image: 'kubernetes.io~image',
}

/** Sets up and takes down the volumes of Pods below `<root>/pods/<uid>/volumes`. */
export class VolumeManager {
  readonly #options: VolumeManagerOptions
  readonly #tokens: TokenCache
  readonly #foreign: ForeignVolumes

  constructor(options: VolumeManagerOptions) {
    this.#options = options
    this.#tokens = new TokenCache(options.objects, options.clock)
    this.#foreign = new ForeignVolumes(options, this.#tokens)
  }

  /** Tokens of service accounts for Pods, which go when the Pod goes. */
  get tokens(): TokenCache {
    return this.#tokens
  }

  /** The kubelet's folder for a Pod. */
  podDir(uid: string): string {
    return path.join(this.#options.rootDir, 'pods', uid)
  }

  /**
   * Sets up all volumes that containers have, each as far as it goes, or brings their files up to date. Throws a
   * VolumesError when not all of them are there.
   */
  async setUp(pod: Pod, addresses: PodAddresses, signal: AbortSignal): Promise<void> {
    await mkdir(this.podDir(pod.metadata.uid ?? ''), { recursive: true, mode: 0o750 })
    // volumes of one claim are the same place
    const groups = Map.groupBy(usedVolumes(pod), (volume) => volume.persistentVolumeClaim?.claimName ?? volume)
    const failures: VolumeFailure[] = []
    const setUpGroup = async (group: readonly Volume[]): Promise<void> => {
      for (const volume of group) {
        await this.#setUpOne(pod, volume, addresses, signal).catch((error: unknown) =>
          failures.push({ volume: volume.name, error: volumeError(volume, error) }),
        )
      }
    }
    await Promise.all([...groups.values()].map(setUpGroup))
    signal.throwIfAborted()
    if (failures.length > 0) throw new VolumesError(failures)
  }

  /** Whether one of the volumes that are waited for will not come, as the node takes no more of its kind. */
  async atLimit(failures: readonly VolumeFailure[], signal: AbortSignal): Promise<boolean> {
    for (const { error } of failures) {
      if (error instanceof VolumeWait && (await this.#options.csi.atLimit(error.id, signal))) return true
    }
    return false
  }

  /** Where a volume of the Pod is, if a container has it. */
  find(pod: Pod, name: string): MountedVolume | undefined {
    const volume = usedVolumes(pod).find((one) => one.name === name)
    if (!volume) return undefined
    if (volume.hostPath) return { path: volume.hostPath.path, readonly: false }
    if (isForeign(volume)) return this.#foreign.find(pod, name)
    const readonly = !volume.emptyDir
    return { path: this.#folder(pod, volume), readonly }
  }

  /** The volumes of a Pod of which it can be told what they take. */
  // pkg/volume: those with a MetricsProvider
  measured(pod: Pod): MeasuredVolume[] {
    const own = usedVolumes(pod).filter((one) => !one.hostPath && !one.image && !isForeign(one))
    const folders = own.map((volume): MeasuredVolume => {
      const folder = this.#folder(pod, volume)
      return { name: volume.name, measure: (signal) => folderUsage(folder, signal) }
    })
    return [...folders, ...this.#foreign.measured(pod)]
  }

  /** Has an image mounted as a volume of the Pod, once. */
  async mountImage(pod: Pod, name: string, mount: (place: string) => Promise<void>): Promise<void> {
    const folder = this.find(pod, name)?.path
    if (folder === undefined || (await isMounted(folder))) return
    await mkdir(folder, { recursive: true, mode: 0o755 })
    await mount(folder)
  }

  /** Unmounts and removes all volumes of a Pod. */
  async tearDown(uid: string, signal: AbortSignal): Promise<void> {
    await removeSubPaths(path.join(this.podDir(uid), 'volume-subpaths'), signal)
    await this.#foreign.tearDown(uid, signal)
    const folder = path.join(this.podDir(uid), 'volumes')
    for (const place of await mountsBelow(folder)) await unmount(place, signal)
    await rm(folder, { recursive: true, force: true })
    await rm(path.join(this.podDir(uid), 'volumeDevices'), { recursive: true, force: true })
    this.#tokens.forget(uid)
  }

  /** True when nothing is left of the volumes of a Pod. */
  async isTornDown(uid: string): Promise<boolean> {
    return (await stat(path.join(this.podDir(uid), 'volumes')).catch(() => undefined)) === undefined
  }

  /** Removes everything the kubelet keeps of a Pod, its volumes too. */
  async removePod(uid: string, signal: AbortSignal): Promise<void> {
    await this.tearDown(uid, signal)
    await rm(this.podDir(uid), { recursive: true, force: true })
  }

  /** The Pods that have a folder here. */
  async podsOnDisk(): Promise<string[]> {
    return readdir(path.join(this.#options.rootDir, 'pods')).catch(() => [])
  }

  #folder(pod: Pod, volume: Volume): string {
    const folder = folders[kindOf(volume)] ?? 'unsupported'
    return path.join(this.podDir(pod.metadata.uid ?? ''), 'volumes', folder, volume.name)
  }

  async #setUpOne(pod: Pod, volume: Volume, addresses: PodAddresses, signal: AbortSignal): Promise<void> {
    if (volume.hostPath) return prepareHostPath(volume.hostPath.path, volume.hostPath.type ?? '')
    if (isForeign(volume)) return this.#foreign.setUp(pod, volume, signal)
    // mounted when the first container that has it starts, which pulls the image
    if (volume.image) return
    const folder = this.#folder(pod, volume)
    if (volume.emptyDir) return this.#setUpEmptyDir(pod, volume, folder, signal)
    const context: PayloadContext = {
      pod,
      addresses,
      objects: this.#options.objects,
      allocatable: this.#options.allocatable,
      tokens: this.#tokens,
    }
    const payload = await volumePayload(context, volume, signal)
    if (!payload) throw new Error(`volume kind ${kindOf(volume)} is not supported`)
    await mkdir(folder, { recursive: true, mode: 0o755 })
    const secret = volume.secret !== undefined || volume.projected !== undefined
    // secrets are never written to a disk
    if (secret && !(await isMounted(folder))) await mountTmpfs(folder, ['mode=0755'], signal)
    const fsGroup = pod.spec.securityContext?.fsGroup
    await writeAtomically(folder, payload, this.#options.clock.now(), fsGroup)
  }

  // pkg/volume/emptydir/empty_dir.go SetUpAt
  async #setUpEmptyDir(pod: Pod, volume: Volume, folder: string, signal: AbortSignal): Promise<void> {
    const { medium = '', sizeLimit } = volume.emptyDir ?? {}
    const hugePages = medium === 'HugePages' || medium.startsWith('HugePages-')
    if (medium !== '' && medium !== 'Memory' && !hugePages) throw new Error(`unknown storage medium "${medium}"`)
    const fresh = (await stat(folder).catch(() => undefined)) === undefined
    await mkdir(folder, { recursive: true })
    if (medium === 'Memory' && !(await isMounted(folder))) {
      const size = memorySize(pod, sizeLimit, this.#options.allocatable.memory)
      await mountTmpfs(folder, ['mode=0777', `size=${size}`], signal)
    }
    if (hugePages && !(await isMounted(folder))) await mountHugePages(folder, pageSizeOf(medium, pod), signal)
    if (!fresh) return
    const fsGroup = pod.spec.securityContext?.fsGroup
    if (fsGroup !== undefined) await chown(folder, 0, fsGroup)
    await chmod(folder, fsGroup === undefined ? 0o777 : 0o2777)
  }
}

function volumeError({ name }: Volume, error: unknown): VolumeFailure['error'] {
  const known = [VolumeError, VolumeProcessError, VolumeWait].some((kind) => error instanceof kind)
  if (known) return error as VolumeFailure['error']
  return new VolumeError('MountVolume.SetUp', name, error instanceof Error ? error.message : String(error))
}

/** How large a volume in memory may become: as the least says of its own limit, the Pod's, and what Pods may have. */
// pkg/volume/emptydir/empty_dir.go calculateEmptyDirMemorySize
function memorySize(pod: Pod, sizeLimit: string | undefined, allocatable: string): number {
  const limits = [podSettings(pod, 0).memoryLimit ?? 0, sizeLimit === undefined ? 0 : parseQuantity(sizeLimit).value()]
  return Math.min(parseQuantity(allocatable).value(), ...limits.filter((one) => one > 0))
}

/** The one key of a volume that is not its name. */
function kindOf(volume: Volume): string {
  return Object.entries(volume).find(([key, value]) => key !== 'name' && value !== undefined)?.[0] ?? 'emptyDir'
}
