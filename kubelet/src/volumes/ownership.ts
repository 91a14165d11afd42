import { chmod, lchown, lstat, readdir } from 'node:fs/promises'
import type { Stats } from 'node:fs'
import path from 'node:path'

const setGid = 0o2000
/** What the group may do with files, and beside that with folders. */
const [fileBits, folderBits] = [0o660, 0o110 | setGid]

/**
 * Gives everything in a volume to the group, and lets it read and write. `policy` OnRootMismatch takes it as done when
 * the volume's own folder shows it. Rejects with the system's error; what goes while it is at work is none.
 */
// pkg/volume/volume_linux.go SetVolumeOwnership
export async function setOwnership(root: string, group: number, policy = 'Always'): Promise<void> {
  if (policy === 'OnRootMismatch' && isDone(await lstat(root), group)) return
  const places = [root]
  for (const place of places) {
    for (const entry of (await unlessGone(readdir(place, { withFileTypes: true }))) ?? []) {
      const inside = path.join(place, entry.name)
      if (entry.isDirectory()) places.push(inside)
      else await unlessGone(give(inside, group))
    }
  }
  const [, ...folders] = places
  for (const place of folders.toReversed()) await unlessGone(give(place, group))
  // the root comes last: it is the mark that all is done
  await give(root, group)
}

/** Another Pod that has the volume may take away what is in it at any time. */
async function unlessGone<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

// requiresPermissionChange
const isDone = ({ gid, mode }: Stats, group: number): boolean =>
  gid === group && (mode & (fileBits | folderBits)) === (fileBits | folderBits)

async function give(place: string, group: number): Promise<void> {
  const info = await lstat(place)
  await lchown(place, info.uid, group)
  // a link has no mode of its own, and what it leads to may be anywhere
  if (info.isSymbolicLink()) return
  await chmod(place, (info.mode & 0o7777) | fileBits | (info.isDirectory() ? folderBits : 0))
}
