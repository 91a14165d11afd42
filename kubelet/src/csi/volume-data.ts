// What a later kubelet has to know to let a volume go. pkg/volume/csi/csi_util.go saveVolumeData, loadVolumeData
import { mkdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { mountsBelow } from '../volumes/mounts.ts'

const fileName = 'vol_data.json'

/** With upstream's keys: a kubelet of either kind finds what the other one left. */
export interface VolumeData {
  driverName: string
  volumeHandle: string
  specVolID?: string
  nodeName?: string
  attachmentID?: string
  volumeLifecycleMode?: string
}

/** Writes it into the folder, which is made. */
export async function saveVolumeData(folder: string, data: VolumeData): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o750 })
  const file = path.join(folder, fileName)
  // whole or not at all, whenever the kubelet is killed
  await writeFile(`${file}.tmp`, JSON.stringify(data), { mode: 0o644 })
  await rename(`${file}.tmp`, file)
}

/** undefined when there is none, or none that can be read: nothing was asked of a driver then. */
export async function loadVolumeData(folder: string): Promise<VolumeData | undefined> {
  try {
    const data = JSON.parse(await readFile(path.join(folder, fileName), 'utf8')) as Partial<VolumeData>
    const { driverName, volumeHandle } = data
    return typeof driverName === 'string' && typeof volumeHandle === 'string'
      ? { ...data, driverName, volumeHandle }
      : undefined
  } catch {
    return undefined
  }
}

/** Takes away the place of a volume and the file about it, if nothing is mounted there. */
// csi_mounter.go removeMountDir
export async function removeMountFolder(place: string): Promise<void> {
  if ((await mountsBelow(place)).includes(place)) return
  await rmdir(place).catch(unlessMissing)
  const folder = path.dirname(place)
  await rm(path.join(folder, fileName), { force: true })
  await rmdir(folder).catch(unlessMissing)
}

function unlessMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error
}
