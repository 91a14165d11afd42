import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { attachmentName, uniqueNameOf, type VolumeId } from '@kubets/shared/api/csi-volumes.ts'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import type { Logger } from '@kubets/shared/machinery/logger.ts'
import type { Recorder } from '../events.ts'
import type { ObjectSource } from '../objects.ts'
import type { FileSystemUsage } from '../stats/machine.ts'
import { VolumeError, VolumeWait } from '../volumes/errors.ts'
import type { AttachedVolumes } from './attached.ts'
import { mapBlock, unmapBlock } from './block.ts'
import { attachmentMetadata } from './context.ts'
import type { CsiDriver } from './driver.ts'
import { updatePeriodMs } from './driver-updates.ts'
import { csiText, type CsiDrivers } from './drivers.ts'
import { expandOnNode, growthOf, type ExpandMemory } from './expand.ts'
import { placeOf, publish, stage, unpublish, type CsiMount, type StageMount } from './mount.ts'
import { blockPaths, deviceFolder, pluginFolder, podDevicesFolder, stagingPath } from './paths.ts'
import { fileSystemUsage, handleOf, isBlock, specName, type CsiVolume } from './requests.ts'
import { StagedVolumes } from './staged.ts'
import { loadVolumeData } from './volume-data.ts'

export interface CsiVolumesOptions {
  /** The kubelet's folder (--root-dir). */
  rootDir: string
  nodeName: string
  drivers: CsiDrivers
  objects: ObjectSource
  attached: AttachedVolumes
  recorder: Recorder
  clock: Clock
  log: Logger
}

// google.golang.org/grpc/codes ResourceExhausted
const resourceExhausted = 8

/**
 * Volumes of storage drivers: staged once on the node, published to each Pod that has them. What a driver was asked is
 * written down before it is asked, so that a later kubelet undoes it.
 */
// pkg/volume/csi
export class CsiVolumes {
  readonly staged: StagedVolumes
  readonly #options: CsiVolumesOptions
  readonly #grown: ExpandMemory = { inUse: new Set(), failed: new Set() }

  constructor(options: CsiVolumesOptions) {
    this.#options = options
    this.staged = new StagedVolumes(options)
  }

  /** Where a Pod has the volume, or will have it. */
  place(podUid: string, volume: CsiVolume): string {
    return placeOf(this.#options.rootDir, podUid, volume)
  }

  /** Stages and publishes the volume to the Pod. Rejects with a VolumeError, or a VolumeWait. */
  async setUp(mount: CsiMount, signal: AbortSignal): Promise<void> {
    const { objects, attached } = this.#options
    const { pod, volume } = mount
    const { driver: driverName } = volume.source
    const uid = pod.metadata.uid ?? ''
    const handle = handleOf(volume, uid)
    const object = await objects.csiDriver(driverName, signal)
    if (volume.mode === 'Ephemeral') {
      return this.staged.turn(driverName, handle, () => publish(this.#options, mount, object, {}, signal))
    }
    this.staged.want(uid, driverName, handle)
    const attach = object?.spec.attachRequired ?? true
    const unique = uniqueNameOf(volume.volume) ?? ''
    if (attach && !(await attached.use(unique, signal))) throw new VolumeWait({ driver: driverName, handle })
    await this.staged.turn(driverName, handle, async () => {
      const told = attach ? await this.#attachment(volume, signal) : {}
      if (isBlock(volume)) {
        await mapBlock(this.#options, { podUid: uid, volume, readonly: mount.readonly, told }, signal)
      } else {
        await this.#stage({ ...mount, volume }, told, signal)
        await publish(this.#options, mount, object, told, signal)
      }
      await this.#expand(mount, false, signal)
    })
  }

  /**
   * Whether a volume is not attached because the node takes no more of its driver, which told of it when it was asked to
   * attach it. Only drivers whose number of volumes is looked at anew are believed; that is done at once then.
   */
  // pkg/volume/csi/csi_plugin.go VerifyExhaustedResource
  async atLimit(id: VolumeId, signal: AbortSignal): Promise<boolean> {
    const { objects, drivers, nodeName, log } = this.#options
    const failed = (what: string) => (error: unknown) => {
      signal.throwIfAborted()
      log.error({ driver: id.driver, volume: id.handle, error: (error as Error).message }, what)
    }
    const object = await objects.csiDriver(id.driver, signal).catch(failed('Failed to retrieve CSIDriver'))
    if (updatePeriodMs(object ?? undefined) === 0) return false
    const attachment = await objects
      .volumeAttachment(attachmentName(id, nodeName), signal)
      .catch(failed('Failed to get volume attachment'))
    if (attachment?.status?.attachError?.errorCode !== resourceExhausted) return false
    await drivers.update(id.driver, signal).catch(failed('Failed to update CSIDriver'))
    return true
  }

  /** Has the volume become as large as it is to be, when that has changed. Rejects with a VolumeError. */
  // pkg/kubelet/volumemanager/reconciler/reconciler_common.go expandVolume
  async grow(mount: CsiMount, signal: AbortSignal): Promise<void> {
    const { driver, ...source } = mount.volume.source
    if (!('volumeHandle' in source)) return
    await this.staged.turn(driver, source.volumeHandle, () => this.#expand(mount, true, signal))
  }

  async #expand({ pod, volume, claim, readonly }: CsiMount, mounted: boolean, signal: AbortSignal): Promise<void> {
    if (volume.mode !== 'Persistent' || !claim || growthOf(volume.volume, claim) === 'none') return
    const { rootDir, drivers } = this.#options
    const { driver, volumeHandle } = volume.source
    if (this.#grown.inUse.has(volumeHandle)) return
    const uid = pod.metadata.uid ?? ''
    const block = blockPaths(rootDir, specName(volume))
    const [place, staging] = isBlock(volume)
      ? [path.join(block.publish, uid), block.staging]
      : [this.place(uid, volume), stagingPath(deviceFolder(rootDir, driver, volumeHandle))]
    try {
      const growth = { pod, volume, claim, readonly, place, staging }
      await expandOnNode(this.#options, this.#grown, drivers.get(driver), growth, signal)
    } catch (error) {
      signal.throwIfAborted()
      const during = isBlock(volume) ? 'MapVolume.MapBlockVolume' : 'MountVolume.Setup'
      const operation = mounted ? 'NodeExpandVolume.NodeExpandVolume' : `${during} failed while expanding volume`
      throw new VolumeError(operation, specName(volume), (error as Error).message)
    }
  }

  /** Publishes the volume once more, if its driver wants that from time to time. */
  // csi_plugin.go RequiresRemount
  async refresh(mount: CsiMount, signal: AbortSignal): Promise<void> {
    const { objects } = this.#options
    const { volume, pod } = mount
    if (isBlock(volume)) return
    const object = await objects.csiDriver(volume.source.driver, signal)
    if (!object?.spec.requiresRepublish) return
    const handle = handleOf(volume, pod.metadata.uid ?? '')
    await this.staged.turn(volume.source.driver, handle, async () => {
      const attach = volume.mode === 'Persistent' && (object.spec.attachRequired ?? true)
      const told = attach ? await this.#attachment(volume, signal) : {}
      await publish(this.#options, mount, object, told, signal)
    })
  }

  /** What the volume takes; undefined when its driver does not tell. */
  // pkg/volume/csi/csi_metrics.go
  async usage(podUid: string, volume: CsiVolume, signal: AbortSignal): Promise<FileSystemUsage | undefined> {
    const { rootDir, drivers } = this.#options
    const driver = drivers.get(volume.source.driver)
    const can = await driver.capabilities(signal)
    if (!can.has('GET_VOLUME_STATS')) return undefined
    const device = path.join(blockPaths(rootDir, specName(volume)).publish, podUid)
    const place = isBlock(volume) ? device : this.place(podUid, volume)
    return fileSystemUsage(await driver.usage(handleOf(volume, podUid), place, signal))
  }

  /** Takes all volumes of drivers from a Pod. Rejects when a driver does not let one go. */
  async tearDown(podUid: string, signal: AbortSignal): Promise<void> {
    const { rootDir } = this.#options
    for (const name of await readdir(podDevicesFolder(rootDir, podUid)).catch(() => [])) {
      const data = await loadVolumeData(blockPaths(rootDir, name).data)
      if (!data) continue
      const { driverName, volumeHandle } = data
      await this.staged.turn(driverName, volumeHandle, () =>
        unmapBlock(rootDir, this.#driver(driverName), volumeHandle, name, podUid, signal),
      )
      this.#forget(driverName, volumeHandle)
    }
    const folder = path.join(rootDir, 'pods', podUid, 'volumes', pluginFolder)
    for (const name of await readdir(folder).catch(() => [])) {
      const place = path.join(folder, name)
      const data = await loadVolumeData(place)
      if (!data) continue
      const { driverName, volumeHandle } = data
      await this.staged.turn(driverName, volumeHandle, () =>
        unpublish(this.#driver(driverName), volumeHandle, place, signal),
      )
      if (data.volumeLifecycleMode !== 'Ephemeral') this.#forget(driverName, volumeHandle)
    }
    this.staged.unwant(podUid)
  }

  #forget(driverName: string, handle: string): void {
    this.#grown.inUse.delete(handle)
    this.#grown.failed.delete(handle)
    this.staged.release(driverName, handle)
  }

  #driver(name: string): CsiDriver {
    try {
      return this.#options.drivers.get(name)
    } catch (error) {
      throw new Error(csiText(`Unmounter.TearDownAt failed to get CSI client: ${(error as Error).message}`))
    }
  }

  async #stage(mount: StageMount, told: Record<string, string>, signal: AbortSignal): Promise<void> {
    const { driver, volumeHandle } = mount.volume.source
    if (this.staged.has(driver, volumeHandle)) return
    await stage(this.#options, mount, told, signal)
    this.staged.add(driver, volumeHandle)
  }

  async #attachment(volume: CsiVolume & { mode: 'Persistent' }, signal: AbortSignal): Promise<Record<string, string>> {
    try {
      return await attachmentMetadata(this.#options.objects, volume.source, this.#options.nodeName, signal)
    } catch (error) {
      signal.throwIfAborted()
      throw new VolumeError(
        `${isBlock(volume) ? 'Map' : 'Mount'}Volume.WaitForAttach`,
        specName(volume),
        (error as Error).message,
      )
    }
  }
}
