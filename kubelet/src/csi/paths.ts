import { createHash } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import path from 'node:path'

/** The name of the plugin as a folder. k8s.io/utils/strings EscapeQualifiedName */
export const pluginFolder = 'kubernetes.io~csi'

const escaped = (name: string): string => name.replaceAll('/', '~')

/** Where the files about a Pod's volume are; the volume itself is in `mount` there. `name` is that of its spec. */
// pkg/volume/csi/csi_mounter.go getTargetPath
export const podVolumeFolder = (rootDir: string, podUid: string, name: string): string =>
  path.join(rootDir, 'pods', podUid, 'volumes', pluginFolder, escaped(name))

/** Where a Pod sees the volume. */
// pkg/volume/csi/csi_util.go GetCSIMounterPath
export const mountPath = (folder: string): string => path.join(folder, 'mount')

/** Where all drivers have the volumes that are on this node, a folder for each driver. */
export const devicesFolder = (rootDir: string): string => path.join(rootDir, 'plugins', 'kubernetes.io', 'csi')

/** Where the files about a volume of this node are, whichever Pods have it; the volume is staged in `globalmount` there. */
// pkg/volume/csi/csi_attacher.go makeDeviceMountPath
export const deviceFolder = (rootDir: string, driver: string, handle: string): string =>
  path.join(devicesFolder(rootDir), driver, createHash('sha256').update(handle).digest('hex'))

export const stagingPath = (folder: string): string => path.join(folder, 'globalmount')

/** Where the volumes of drivers are that are devices. */
// pkg/kubelet/kubelet_getters.go getVolumeDevicePluginDir
const blockFolder = (rootDir: string): string => path.join(devicesFolder(rootDir), 'volumeDevices')

/** The folders of a volume that is a device, by the name of its PersistentVolume; in `publish` each Pod has a file. */
// pkg/volume/csi/csi_block.go getStagingPath, getPublishDir, getVolumeDeviceDataDir
export const blockPaths = (rootDir: string, name: string) => {
  const folder = blockFolder(rootDir)
  return {
    staging: path.join(folder, 'staging', escaped(name)),
    publish: path.join(folder, 'publish', escaped(name)),
    data: path.join(folder, escaped(name), 'data'),
  }
}

/** Where those have their data of which one is known to be here, by the escaped names of their PersistentVolumes. */
export const blockNames = async (rootDir: string): Promise<string[]> => {
  const all = await readdir(blockFolder(rootDir)).catch(() => [])
  return all.filter((name) => name !== 'staging' && name !== 'publish')
}

/** The folder of links to the devices that a Pod has of a plugin. */
// pkg/volume/csi/csi_block.go GetPodDeviceMapPath
export const podDevicesFolder = (rootDir: string, podUid: string, plugin = pluginFolder): string =>
  path.join(rootDir, 'pods', podUid, 'volumeDevices', plugin)

/** The link to one of them. */
export const podDevice = (rootDir: string, podUid: string, name: string, plugin = pluginFolder): string =>
  path.join(podDevicesFolder(rootDir, podUid, plugin), escaped(name))
