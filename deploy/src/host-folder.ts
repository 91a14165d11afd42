import { readFile } from 'node:fs/promises'
import { mountPointsUnder } from './down.ts'
import { must } from './run.ts'

/** Runs a command on the host's own files, from a container that sees the host's processes. */
const onHost = (...command: string[]): Promise<string> =>
  must('nsenter', ['--target', '1', '--mount', '--', ...command])

/**
 * Makes a folder on the host such that mounts made under it in one container show on the host and in others. With
 * systemd every folder is like that; elsewhere it must become a mount point of its own first.
 */
export async function makeShared(dir: string): Promise<string> {
  await onHost('mkdir', '-p', dir)
  if (isShared(await readFile('/proc/1/mountinfo', 'utf8'), dir)) return 'mounts are shared'
  await onHost('mount', '--bind', dir, dir)
  await onHost('mount', '--make-shared', dir)
  return 'mounts are shared now'
}

/** Unmounts what is mounted at or under a folder of the host, and removes the folder. */
export async function removeFolder(dir: string): Promise<string> {
  const points = mountPointsUnder(await readFile('/proc/1/mounts', 'utf8'), dir)
  for (const point of points) await onHost('umount', '--lazy', point)
  await onHost('rm', '-rf', '--one-file-system', dir)
  return `${String(points.length)} unmounted, removed`
}

/** Pure: whether the mount that a folder lies on is shared, by a mountinfo table. proc_pid_mountinfo(5) */
export function isShared(table: string, dir: string): boolean {
  let best = ''
  let shared = false
  for (const line of table.split('\n')) {
    const [fields = '', rest] = line.split(' - ', 2)
    if (rest === undefined) continue
    const parts = fields.split(' ')
    const point = (parts[4] ?? '').replaceAll('\\040', ' ')
    const covers = point === '/' || dir === point || dir.startsWith(`${point}/`)
    // of several mounts on one place the last is the one that is seen
    if (!covers || point.length < best.length) continue
    best = point
    shared = parts.slice(6).some((field) => field.startsWith('shared:'))
  }
  return shared
}
