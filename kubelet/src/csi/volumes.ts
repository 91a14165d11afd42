import { mkdir, readdir } from 'node:fs/promises'
import path from 'node:path'
import { attachmentName, uniqueNameOf, type VolumeId } from '@kubets/shared/api/csi-volumes.ts'
import type { PersistentVolumeClaim, Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { CSIDriver } from '@kubets/shared/api/types/storage-v1.ts'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import type { Logger } from '@kubets/shared/machinery/logger.ts'
import type { Recorder } from '../events.ts'
import type { ObjectSource } from '../objects.ts'
import type { FileSystemUsage } from '../stats/machine.ts'
import { VolumeError, VolumeWait } from '../volumes/errors.ts'
import { setOwnership } from '../volumes/ownership.ts'
import type { TokenCache } from '../volumes/tokens.ts'
import type { AttachedVolumes } from './attached.ts'
import { mapBlock, unmapBlock } from './block.ts'
import { attachmentMetadata, credentials, tokenAttributes } from './context.ts'
import { isFinal, type Capability, type CsiDriver } from './driver.ts'
import { updatePeriodMs } from './driver-updates.ts'
import { csiText, type CsiDrivers } from './drivers.ts'
import { expandOnNode, growthOf, type ExpandMemory } from './expand.ts'
import {
  blockPaths,
  deviceFolder,
  mountPath,
  pluginFolder,
  podDevice,
  podDevicesFolder,
  podVolumeFolder,
  stagingPath,
} from './paths.ts'
import {
  fileSystemUsage,
  handleOf,
  isBlock,
  lifecycleRefusal,
  podInfo,
  specName,
  takesOwnership,
  volumeCapability,
  type CsiVolume,
} from './requests.ts'
import { StagedVolumes } from './staged.ts'
import { loadVolumeData, removeMountFolder, saveVolumeData } from './volume-data.ts'

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

/** One volume of a Pod that is to be set up. */
export interface CsiMount {
  pod: Pod
  volume: CsiVolume
  readonly: boolean
  tokens: TokenCache
  /** The claim of a persistent volume. */
  claim?: PersistentVolumeClaim
}

type Text = Record<string, string>

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
    if (isBlock(volume)) return podDevice(this.#options.rootDir, podUid, specName(volume))
    return mountPath(podVolumeFolder(this.#options.rootDir, podUid, specName(volume)))
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
      return this.staged.turn(driverName, handle, () => this.#publish(mount, object, {}, signal))
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
        await this.#stage(mount, told, signal)
        await this.#publish(mount, object, told, signal)
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
      await this.#publish(mount, object, told, signal)
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
      await this.staged.turn(driverName, volumeHandle, () => this.#unpublish(driverName, volumeHandle, place, signal))
      if (data.volumeLifecycleMode !== 'Ephemeral') this.#forget(driverName, volumeHandle)
    }
    this.staged.unwant(podUid)
  }

  #forget(driverName: string, handle: string): void {
    this.#grown.inUse.delete(handle)
    this.#grown.failed.delete(handle)
    this.staged.release(driverName, handle)
  }

  // csi_mounter.go TearDownAt
  async #unpublish(driverName: string, handle: string, folder: string, signal: AbortSignal): Promise<void> {
    const driver = this.#driver(driverName)
    const place = mountPath(folder)
    // done meanwhile, by another who saw it too
    if (!(await loadVolumeData(folder))) return
    await driver.unpublish(handle, place, signal).catch((error: unknown) => {
      throw new Error(csiText(`Unmounter.TearDownAt failed: ${(error as Error).message}`))
    })
    await removeMountFolder(place)
  }

  #driver(name: string): CsiDriver {
    try {
      return this.#options.drivers.get(name)
    } catch (error) {
      throw new Error(csiText(`Unmounter.TearDownAt failed to get CSI client: ${(error as Error).message}`))
    }
  }

  async #attachment(volume: CsiVolume & { mode: 'Persistent' }, signal: AbortSignal): Promise<Text> {
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

  // csi_attacher.go MountDevice
  async #stage({ pod, volume }: CsiMount, told: Text, signal: AbortSignal): Promise<void> {
    if (volume.mode !== 'Persistent') return
    const { rootDir, drivers, objects } = this.#options
    const { source } = volume
    const handle = source.volumeHandle
    if (this.staged.has(source.driver, handle)) return
    const folder = deviceFolder(rootDir, source.driver, handle)
    const failed = (why: string): Error => new VolumeError('MountVolume.MountDevice', specName(volume), why)
    try {
      let driver: CsiDriver
      try {
        driver = drivers.get(source.driver)
      } catch (error) {
        throw failed(csiText(`attacher.MountDevice failed to create newCsiDriverClient: ${(error as Error).message}`))
      }
      const can = await driver.capabilities(signal)
      const ref = can.has('STAGE_UNSTAGE_VOLUME') ? source.nodeStageSecretRef : undefined
      const secrets = ref ? await this.#secrets(objects, ref, 'fetching NodeStageSecretRef', signal) : {}
      const place = stagingPath(folder)
      await saveVolumeData(folder, { driverName: source.driver, volumeHandle: handle })
      await mkdir(place, { recursive: true, mode: 0o750 })
      if (can.has('STAGE_UNSTAGE_VOLUME')) {
        const request = {
          volume_id: handle,
          publish_context: told,
          staging_target_path: place,
          volume_capability: volumeCapability(volume, can, pod.spec.securityContext?.fsGroup),
          secrets,
          volume_context: source.volumeAttributes ?? {},
        }
        await driver.stage(request, signal)
      }
      this.staged.add(source.driver, handle)
    } catch (error) {
      if (isFinal(error)) await removeMountFolder(stagingPath(folder))
      signal.throwIfAborted()
      throw error instanceof VolumeError ? error : failed((error as Error).message)
    }
  }

  // csi_mounter.go SetUpAt
  async #publish(mount: CsiMount, object: CSIDriver | undefined, told: Text, signal: AbortSignal): Promise<void> {
    const { volume, pod, readonly } = mount
    const { drivers } = this.#options
    const place = this.place(pod.metadata.uid ?? '', volume)
    const failed = (why: string): Error => new VolumeError('MountVolume.SetUp', specName(volume), why)
    let asked = false
    try {
      let driver: CsiDriver
      try {
        driver = drivers.get(volume.source.driver)
      } catch (error) {
        throw failed(csiText(`mounter.SetUpAt failed to get CSI client: ${(error as Error).message}`))
      }
      const refusal = lifecycleRefusal(driver.name, volume.mode, object && (object.spec.volumeLifecycleModes ?? []))
      if (refusal !== undefined) {
        throw failed(csiText(`mounter.SetupAt failed to check volume lifecycle mode: ${refusal}`))
      }
      const can = await driver.capabilities(signal)
      const request = await this.#publishRequest(mount, object, told, can, signal)
      await saveVolumeData(path.dirname(place), this.#data(mount))
      asked = true
      await driver.publish(request, signal)
      const { fsGroup, fsGroupChangePolicy } = pod.spec.securityContext ?? {}
      const policy = object?.spec.fsGroupPolicy ?? 'ReadWriteOnceWithFSType'
      if (fsGroup !== undefined && !can.has('VOLUME_MOUNT_GROUP') && takesOwnership(volume, policy, readonly)) {
        await setOwnership(place, fsGroup, fsGroupChangePolicy).catch((error: unknown) => {
          throw failed(`applyFSGroup failed for vol ${request.volume_id}: ${(error as Error).message}`)
        })
      }
    } catch (error) {
      if (asked && isFinal(error)) await removeMountFolder(place)
      signal.throwIfAborted()
      throw error instanceof VolumeError ? error : failed((error as Error).message)
    }
  }

  async #publishRequest(
    { pod, volume, readonly, tokens }: CsiMount,
    object: CSIDriver | undefined,
    told: Text,
    can: ReadonlySet<Capability>,
    signal: AbortSignal,
  ) {
    const { objects, rootDir } = this.#options
    const { metadata, spec } = pod
    const uid = metadata.uid ?? ''
    const { source } = volume
    const handle = handleOf(volume, uid)
    const own = source.nodePublishSecretRef
    const ref = own && volume.mode === 'Ephemeral' ? { namespace: metadata.namespace ?? '', name: own.name ?? '' } : own
    const secrets = ref ? await this.#secrets(objects, ref, 'fetching NodePublishSecretRef', signal) : {}
    const token = await tokenAttributes(pod, object, tokens, signal).catch((error: unknown) => {
      const why = (error as Error).message
      throw new Error(csiText(`mounter.SetUpAt failed to get service accoount token attributes: ${why}`))
    })
    const inSecrets = object?.spec.serviceAccountTokenInSecrets ?? false
    const staged = volume.mode === 'Persistent' && can.has('STAGE_UNSTAGE_VOLUME')
    return {
      volume_id: handle,
      publish_context: told,
      staging_target_path: staged ? stagingPath(deviceFolder(rootDir, source.driver, handle)) : '',
      target_path: this.place(uid, volume),
      volume_capability: volumeCapability(volume, can, spec.securityContext?.fsGroup),
      readonly,
      secrets: { ...secrets, ...(inSecrets ? token : {}) },
      volume_context: {
        ...source.volumeAttributes,
        ...(object?.spec.podInfoOnMount ? podInfo(pod, volume.mode) : {}),
        ...(inSecrets ? {} : token),
      },
    }
  }

  async #secrets(
    objects: ObjectSource,
    ref: { namespace?: string; name?: string },
    what: string,
    signal: AbortSignal,
  ): Promise<Text> {
    try {
      return await credentials(objects, ref, signal)
    } catch (error) {
      throw new Error(`${what} ${ref.namespace ?? ''}/${ref.name ?? ''} failed: ${(error as Error).message}`)
    }
  }

  #data({ pod, volume }: CsiMount) {
    const { nodeName } = this.#options
    const { driver } = volume.source
    const handle = handleOf(volume, pod.metadata.uid ?? '')
    return {
      attachmentID: attachmentName({ driver, handle }, nodeName),
      driverName: driver,
      nodeName,
      specVolID: specName(volume),
      volumeHandle: handle,
      volumeLifecycleMode: volume.mode,
    }
  }
}
