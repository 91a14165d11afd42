import { createHash } from 'node:crypto'
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
