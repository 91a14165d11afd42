import { mkdir, readdir, rmdir, stat } from 'node:fs/promises'
import path from 'node:path'
import type { PersistentVolume } from '@kubets/shared/api/types/core-v1.ts'
import { Turns } from '../csi/turns.ts'
import { VolumeError } from './errors.ts'
import { formatAndMount } from './format.ts'
import { bindMount, isMounted, mountsBelow, unmount } from './mounts.ts'

const pluginFolder = 'kubernetes.io~local-volume'

/**
 * Local volumes that are disks, but folders for Pods: such a disk is mounted once on the node, and that bound for each
 * Pod. What is mounted is all there is to know, so that a later kubelet takes it away as well.
 */
// pkg/volume/local/local.go
export class LocalDisks {
  readonly #rootDir: string
  readonly #turns = new Turns()

  constructor(rootDir: string) {
    this.#rootDir = rootDir
  }

  /** Where the volume is for the Pod; undefined when it is a folder already. Rejects with a VolumeError. */
  // getGlobalLocalPath, MountDevice, SetUpAt
  async setUp(
    podUid: string,
    volume: PersistentVolume,
    readonly: boolean,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const { local, mountOptions = [] } = volume.spec
    const { name = '' } = volume.metadata
    const disk = local?.path ?? ''
    const failed = (operation: string, why: string): Error => new VolumeError(`MountVolume.${operation}`, name, why)
    const found = await stat(disk).catch(() => undefined)
    if (found === undefined) throw failed('NewMounter initialization', `path "${disk}" does not exist`)
    if (found.isDirectory()) return undefined
    if (!found.isBlockDevice())
      throw failed('NewMounter initialization', 'only directory and block device are supported')
    const [global, place] = [this.#global(name), this.#place(podUid, name)]
    await this.#turns.take(name, async () => {
      // by this it is known that the Pod may have it
      await mkdir(place, { recursive: true, mode: 0o750 })
      if (!(await isMounted(global))) {
        await mkdir(global, { recursive: true, mode: 0o750 })
        const fsType = local?.fsType ?? ''
        await formatAndMount({ disk, place: global, fsType, readonly, mountOptions }, signal).catch(
          async (error: unknown) => {
            await rmdir(global)
            signal.throwIfAborted()
            const why = `error ${(error as Error).message}`
            throw failed(
              'MountDevice',
              `local: failed to mount device ${disk} at ${global} (fstype: ${fsType}), ${why}`,
            )
          },
        )
      }
      if (!(await isMounted(place))) await bindMount(global, place, signal)
    })
    return place
  }

  /** Takes those from a Pod that it has, and from the node those that no Pod has then. */
  // TearDownAt, UnmountDevice
  async tearDown(podUid: string, signal: AbortSignal): Promise<void> {
    const own = path.join(this.#rootDir, 'pods', podUid, 'volumes', pluginFolder)
    for (const name of await readdir(own).catch(() => [])) {
      await this.#turns.take(name, async () => {
        const place = this.#place(podUid, name)
        if (await isMounted(place)) await unmount(place, signal)
        await rmdir(place)
        const all = await mountsBelow(path.join(this.#rootDir, 'pods'))
        if (all.some((one) => one.endsWith(`/volumes/${pluginFolder}/${name}`))) return
        const global = this.#global(name)
        if (await isMounted(global)) await unmount(global, signal)
        await rmdir(global).catch(() => undefined)
      })
    }
  }

  #global(name: string): string {
    return path.join(this.#rootDir, 'plugins', 'kubernetes.io', 'local-volume', 'mounts', name)
  }

  #place(podUid: string, name: string): string {
    return path.join(this.#rootDir, 'pods', podUid, 'volumes', pluginFolder, name)
  }
}
