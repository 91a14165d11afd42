import { lstat, mkdir, readdir, rm, rmdir, symlink } from 'node:fs/promises'
import path from 'node:path'
import { attachmentName } from '@kubets/shared/api/csi-volumes.ts'
import { VolumeError } from '../volumes/errors.ts'
import type { ObjectSource } from '../objects.ts'
import { credentials } from './context.ts'
import type { CsiDriver } from './driver.ts'
import { csiText, type CsiDrivers } from './drivers.ts'
import { blockPaths, podDevice } from './paths.ts'
import { specName, volumeCapability, type CsiVolume } from './requests.ts'
import { saveVolumeData } from './volume-data.ts'

export interface BlockOptions {
  rootDir: string
  nodeName: string
  drivers: CsiDrivers
  objects: ObjectSource
}

/** A volume that is a device for a Pod. */
export interface BlockMount {
  podUid: string
  volume: CsiVolume & { mode: 'Persistent' }
  readonly: boolean
  /** What the driver said when it attached the volume. */
  told: Readonly<Record<string, string>>
}

/**
 * Makes the link in the Pod's folder that leads to `device`, whether or not that is there yet: the link is also what a
 * later kubelet knows by that the Pod has the device.
 */
// pkg/volume/util/volumepathhandler/volume_path_handler.go mapSymlinkDevice
export async function linkDevice(link: string, device: string): Promise<void> {
  await mkdir(path.dirname(link), { recursive: true, mode: 0o750 })
  await rm(link, { force: true })
  await symlink(device, link)
}

/** Has the driver make the device for the Pod. Rejects with a VolumeError. */
// pkg/volume/csi/csi_block.go SetUpDevice, MapPodDevice
export async function mapBlock(options: BlockOptions, mount: BlockMount, signal: AbortSignal): Promise<void> {
  const { rootDir, nodeName, drivers, objects } = options
  const { podUid, volume, readonly, told } = mount
  const { source } = volume
  const name = specName(volume)
  const paths = blockPaths(rootDir, name)
  const device = path.join(paths.publish, podUid)
  const failed = (operation: string, error: unknown): Error => {
    signal.throwIfAborted()
    return new VolumeError(`MapVolume.${operation}`, name, (error as Error).message)
  }
  const secretsOf = async (ref: typeof source.nodeStageSecretRef, what: string) =>
    ref
      ? credentials(objects, ref, signal).catch((error: unknown) => {
          const why = (error as Error).message
          throw new Error(`failed to get ${what} ${ref.namespace ?? ''}/${ref.name ?? ''}: ${why}`)
        })
      : {}
  let driver: CsiDriver
  try {
    driver = drivers.get(source.driver)
  } catch (error) {
    const why = csiText(`blockMapper.SetUpDevice failed to get CSI client: ${(error as Error).message}`)
    throw failed('SetUpDevice', new Error(why))
  }
  const request = {
    volume_id: source.volumeHandle,
    publish_context: told,
    volume_context: source.volumeAttributes ?? {},
  }
  let staging = ''
  try {
    const can = await driver.capabilities(signal)
    if (can.has('STAGE_UNSTAGE_VOLUME')) staging = paths.staging
    const volume_capability = volumeCapability(volume, can)
    await saveVolumeData(paths.data, {
      attachmentID: attachmentName({ driver: source.driver, handle: source.volumeHandle }, nodeName),
      driverName: source.driver,
      nodeName,
      specVolID: name,
      volumeHandle: source.volumeHandle,
    })
    await linkDevice(podDevice(rootDir, podUid, name), device)
    if (staging !== '') {
      const secrets = await secretsOf(source.nodeStageSecretRef, 'NodeStageSecretRef')
      await mkdir(staging, { recursive: true, mode: 0o750 })
      await driver.stage({ ...request, staging_target_path: staging, volume_capability, secrets }, signal)
    }
    try {
      const secrets = await secretsOf(source.nodePublishSecretRef, 'NodePublishSecretRef')
      await mkdir(paths.publish, { recursive: true, mode: 0o750 })
      const asked = {
        ...request,
        volume_capability,
        secrets,
        staging_target_path: staging,
        target_path: device,
        readonly,
      }
      await driver.publish(asked, signal)
    } catch (error) {
      throw failed('MapPodDevice', error)
    }
  } catch (error) {
    throw error instanceof VolumeError ? error : failed('SetUpDevice', error)
  }
}

/** Has the driver take the device from the Pod. */
// UnmapPodDevice
export async function unmapBlock(
  rootDir: string,
  driver: CsiDriver,
  handle: string,
  name: string,
  podUid: string,
  signal: AbortSignal,
): Promise<void> {
  await driver.unpublish(handle, path.join(blockPaths(rootDir, name).publish, podUid), signal)
  await rm(podDevice(rootDir, podUid, name), { force: true })
}

/** Has the driver let the device go, which no Pod has. */
// TearDownDevice, cleanupOrphanDeviceFiles
export async function unstageBlock(
  rootDir: string,
  driver: CsiDriver,
  handle: string,
  name: string,
  signal: AbortSignal,
): Promise<void> {
  const { staging, publish, data } = blockPaths(rootDir, name)
  const can = await driver.capabilities(signal)
  if (can.has('STAGE_UNSTAGE_VOLUME') && (await lstat(staging).catch(() => undefined))) {
    await driver.unstage(handle, staging, signal)
  }
  for (const folder of [staging, publish]) {
    for (const entry of await readdir(folder).catch(() => [])) await rm(path.join(folder, entry), { force: true })
    await rmdir(folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error
    })
  }
  await rm(path.dirname(data), { recursive: true, force: true })
}
