// Disks that become file systems. k8s.io/mount-utils/mount_linux.go SafeFormatAndMount
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { mountFileSystem } from './mounts.ts'

const run = promisify(execFile)
// a large disk takes its time
const limitMs = 10 * 60_000

/** What a disk needs before it is mounted: to be made a file system, to be looked through, or nothing. */
export type Preparation = { kind: 'format'; command: string; args: string[] } | { kind: 'check' } | { kind: 'none' }

/** Throws when it cannot be mounted at all. `found` is what is on the disk, empty when nothing is. */
// formatAndMountSensitive
export function preparation(disk: string, found: string, fsType: string, readonly: boolean): Preparation {
  if (found !== '') return readonly ? { kind: 'none' } : { kind: 'check' }
  if (readonly) throw new Error(`cannot mount unformatted disk ${disk} as we are manipulating it in read-only mode`)
  const force = fsType === 'ext4' || fsType === 'ext3' ? ['-F', '-m0'] : fsType === 'xfs' ? ['-f'] : []
  return { kind: 'format', command: `mkfs.${fsType}`, args: [...force, disk] }
}

/** What blkid(8) says is on a disk. */
// GetDiskFormat
export function formatOf(output: string): string {
  const lines = output.split('\n').map((line) => line.split('='))
  const of = (key: string): string => lines.find(([name]) => name === key)?.[1] ?? ''
  return of('PTTYPE') === '' ? of('TYPE') : 'unknown data, probably partitions'
}

/** What fsck(8) means by how it ended: why the disk is not to be mounted, if so. */
// checkAndRepairFilesystem: 1 is repaired, 4 is not, all else is no matter of the disk's
export function checkFailure(disk: string, status: unknown, output: string): string | undefined {
  if (status !== 4) return undefined
  return `'fsck' found errors on device ${disk} but could not correct them: ${output}`
}

export interface DiskMount {
  disk: string
  place: string
  fsType: string
  readonly: boolean
  mountOptions: readonly string[]
}

/** Mounts a disk, which becomes a file system if nothing is on it. Rejects with what went wrong. */
export async function formatAndMount(mount: DiskMount, signal: AbortSignal): Promise<void> {
  const { disk, place, readonly, mountOptions } = mount
  const fsType = mount.fsType === '' ? 'ext4' : mount.fsType
  const limits = { signal, timeout: limitMs }
  const found = await run('blkid', ['-p', '-s', 'TYPE', '-s', 'PTTYPE', '-o', 'export', disk], limits).then(
    ({ stdout }) => formatOf(stdout),
    (error: Error & { code?: unknown }) => {
      signal.throwIfAborted()
      // nothing is on it
      if (error.code === 2) return ''
      throw new Error(`failed to get disk format of disk ${disk}: ${error.message}`)
    },
  )
  const needs = preparation(disk, found, fsType, readonly)
  if (needs.kind === 'format') {
    await run(needs.command, needs.args, limits).catch((error: Error & { code?: unknown; stderr?: string }) => {
      signal.throwIfAborted()
      const why = typeof error.code === 'number' ? `exit status ${error.code}` : error.message
      const about = `type:("${fsType}") target:("${place}") options:("defaults") errcode:(${why})`
      throw new Error(`format of disk failed: ${about} output:(${error.stderr ?? ''}) `)
    })
  }
  if (needs.kind === 'check') {
    await run('fsck', ['-a', disk], limits).catch((error: Error & { code?: unknown; stdout?: string }) => {
      signal.throwIfAborted()
      const why = checkFailure(disk, error.code, error.stdout ?? '')
      if (why !== undefined) throw new Error(why)
    })
  }
  const options = [...new Set([...(readonly ? ['ro'] : []), ...mountOptions])].sort()
  await mountFileSystem(fsType, disk, place, [...options, 'defaults'], signal)
}
