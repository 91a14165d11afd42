import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { attachmentName } from '@kubets/shared/api/csi-volumes.ts'
import type { PersistentVolumeClaim, Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { CSIDriver } from '@kubets/shared/api/types/storage-v1.ts'
import type { ObjectSource } from '../objects.ts'
import { VolumeError } from '../volumes/errors.ts'
import { setOwnership } from '../volumes/ownership.ts'
import type { TokenCache } from '../volumes/tokens.ts'
import { referredSecrets, tokenAttributes } from './context.ts'
import { isFinal, type Capability, type CsiDriver } from './driver.ts'
import { csiText, type CsiDrivers } from './drivers.ts'
import { deviceFolder, mountPath, podDevice, podVolumeFolder, stagingPath } from './paths.ts'
import {
  handleOf,
  isBlock,
  lifecycleRefusal,
  podInfo,
  specName,
  takesOwnership,
  volumeCapability,
  type CsiVolume,
} from './requests.ts'
import { loadVolumeData, removeMountFolder, saveVolumeData } from './volume-data.ts'

export interface MountOptions {
  rootDir: string
  nodeName: string
  drivers: CsiDrivers
  objects: ObjectSource
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

/** One that is staged first. */
export interface StageMount extends CsiMount {
  volume: CsiVolume & { mode: 'Persistent' }
}

type Text = Record<string, string>

/** Where a Pod has the volume, or will have it. */
export function placeOf(rootDir: string, podUid: string, volume: CsiVolume): string {
  if (isBlock(volume)) return podDevice(rootDir, podUid, specName(volume))
  return mountPath(podVolumeFolder(rootDir, podUid, specName(volume)))
}

/** Has the driver stage the volume, given what it said when it attached it. Rejects with a VolumeError. */
// pkg/volume/csi/csi_attacher.go MountDevice
export async function stage(
  { rootDir, drivers, objects }: MountOptions,
  { pod, volume }: StageMount,
  told: Text,
  signal: AbortSignal,
): Promise<void> {
  const { source } = volume
  const handle = source.volumeHandle
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
    const secrets = await referredSecrets(objects, ref, 'fetching NodeStageSecretRef', signal)
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
  } catch (error) {
    if (isFinal(error)) await removeMountFolder(stagingPath(folder))
    signal.throwIfAborted()
    throw error instanceof VolumeError ? error : failed((error as Error).message)
  }
}

/** Has the driver publish the volume to the Pod. `object`: its CSIDriver. Rejects with a VolumeError. */
// pkg/volume/csi/csi_mounter.go SetUpAt
export async function publish(
  options: MountOptions,
  mount: CsiMount,
  object: CSIDriver | undefined,
  told: Text,
  signal: AbortSignal,
): Promise<void> {
  const { rootDir, drivers } = options
  const { volume, pod, readonly } = mount
  const place = placeOf(rootDir, pod.metadata.uid ?? '', volume)
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
    const request = await publishRequest(options, mount, object, told, can, signal)
    await saveVolumeData(path.dirname(place), volumeData(options.nodeName, mount))
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

async function publishRequest(
  { rootDir, objects }: MountOptions,
  { pod, volume, readonly, tokens }: CsiMount,
  object: CSIDriver | undefined,
  told: Text,
  can: ReadonlySet<Capability>,
  signal: AbortSignal,
) {
  const { metadata, spec } = pod
  const uid = metadata.uid ?? ''
  const { source } = volume
  const handle = handleOf(volume, uid)
  const own = source.nodePublishSecretRef
  const ref = own && volume.mode === 'Ephemeral' ? { namespace: metadata.namespace ?? '', name: own.name ?? '' } : own
  const secrets = await referredSecrets(objects, ref, 'fetching NodePublishSecretRef', signal)
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
    target_path: placeOf(rootDir, uid, volume),
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

function volumeData(nodeName: string, { pod, volume }: CsiMount) {
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

/** Has the driver take the volume from the Pod that has it in `folder`. */
// pkg/volume/csi/csi_mounter.go TearDownAt
export async function unpublish(driver: CsiDriver, handle: string, folder: string, signal: AbortSignal): Promise<void> {
  const place = mountPath(folder)
  // done meanwhile, by another who saw it too
  if (!(await loadVolumeData(folder))) return
  await driver.unpublish(handle, place, signal).catch((error: unknown) => {
    throw new Error(csiText(`Unmounter.TearDownAt failed: ${(error as Error).message}`))
  })
  await removeMountFolder(place)
}
