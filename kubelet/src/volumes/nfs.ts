import { mkdir, rmdir } from 'node:fs/promises'
import path from 'node:path'
import { isIPv6 } from 'node:net'
import type { NFSVolumeSource } from '@kubets/shared/api/types/core-v1.ts'
import { VolumeError } from './errors.ts'
import { isMounted, mountFileSystem } from './mounts.ts'

/** A folder that another machine offers. */
export interface NfsVolume {
  /** The name of the PersistentVolume, or of the Pod's volume. */
  name: string
  source: NFSVolumeSource
  readonly: boolean
  mountOptions: readonly string[]
}

/** What mount(8) is told. */
// pkg/volume/nfs/nfs.go SetUpAt, pkg/volume/util/util.go JoinMountOptions
export function nfsMount({ source, readonly, mountOptions }: NfsVolume): { device: string; options: string[] } {
  const server = isIPv6(source.server) ? `[${source.server}]` : source.server
  const options = [...new Set([...mountOptions, ...(readonly || source.readOnly ? ['ro'] : [])])].sort()
  return { device: `${server}:${source.path}`, options }
}

/** Mounts it in the Pod's folder, with the machine's own client, and says where. Rejects with a VolumeError. */
export async function setUpNfs(podDir: string, volume: NfsVolume, signal: AbortSignal): Promise<string> {
  const place = path.join(podDir, 'volumes', 'kubernetes.io~nfs', volume.name.replaceAll('/', '~'))
  if (await isMounted(place)) return place
  await mkdir(place, { recursive: true, mode: 0o750 })
  const { device, options } = nfsMount(volume)
  try {
    await mountFileSystem('nfs', device, place, options, signal)
  } catch (error) {
    await rmdir(place)
    signal.throwIfAborted()
    throw new VolumeError('MountVolume.SetUp', volume.name, (error as Error).message)
  }
  return place
}
