// Parts of volumes. What is in a volume belongs to whoever writes there, who may put a link in the way at any moment:
// every component is opened from the one before it, without following links. pkg/volume/util/subpath/subpath_linux.go
import { constants } from 'node:fs'
import {
  chmod,
  mkdir,
  open,
  readdir,
  realpath,
  rm,
  rmdir,
  stat,
  unlink,
  writeFile,
  type FileHandle,
} from 'node:fs/promises'
import path from 'node:path'
import { bindMount, mountsBelow, unmount } from './mounts.ts'

/** One subPath of a container's volume mount. */
export interface SubPath {
  /** Where the volume is. */
  volume: string
  /** The path in it, relative. */
  inside: string
  /** Where it is to be found by the runtime. */
  target: string
}

// node:fs does not name it: a place in the file tree, whatever is there, without opening it
const O_PATH = 0x20_0000
const placeFlags = O_PATH | constants.O_NOFOLLOW

/** Makes the folders of a subPath that are not there, with the volume's mode. Throws rather than leave the volume. */
// SafeMakeDir
export async function makeSubPath(volume: string, inside: string): Promise<void> {
  if (await stat(path.join(volume, inside)).catch(() => undefined)) return
  const root = await realpath(volume)
  const parts = partsOf(inside)
  let there = root
  while (parts[0] !== undefined) {
    const next = await realpath(path.join(there, parts[0])).catch(() => undefined)
    if (next === undefined) break
    there = next
    parts.shift()
  }
  const { mode } = await stat(root)
  let folder = await openWithin(root, there)
  try {
    for (const part of parts) {
      await mkdir(`${byHandle(folder)}/${part}`, { mode })
      folder = await step(folder, part)
    }
    // against the umask, for the folder that the container sees
    await chmod(byHandle(folder), mode & 0o7777)
  } finally {
    await folder.close()
  }
}

/** Binds a subPath to its target, where it stays whatever is changed in the volume. Throws when it is not in the volume. */
// PrepareSafeSubpath
export async function bindSubPath({ volume, inside, target }: SubPath, signal: AbortSignal): Promise<void> {
  const root = await realpath(volume)
  const place = await openWithin(root, await realpath(path.join(root, inside)))
  try {
    const wanted = await place.stat()
    if ((await mountsBelow(target)).includes(target)) {
      const bound = await stat(target)
      if (bound.ino === wanted.ino && bound.dev === wanted.dev) return
      await unmount(target, signal)
    }
    // of another kind than before, perhaps
    await rmdir(target).catch(() => rm(target, { force: true }))
    await mkdir(path.dirname(target), { recursive: true, mode: 0o750 })
    if (wanted.isDirectory()) await mkdir(target, { mode: 0o750 })
    else await writeFile(target, '', { mode: 0o640 })
    await bindMount(`/proc/${process.pid}/fd/${place.fd}`, target, signal)
  } finally {
    await place.close()
  }
}

/** The text of a file in a volume. Throws when it is not in the volume, no file, or larger than the limit. */
export async function readWithin(volume: string, inside: string, limit: number): Promise<string> {
  const root = await realpath(volume)
  const place = await openWithin(root, await realpath(path.join(root, inside)))
  try {
    if (!(await place.stat()).isFile()) throw new Error(`${inside} is not a file`)
    const file = await open(byHandle(place), 'r')
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(limit + 1), 0, limit + 1, 0)
      if (bytesRead > limit) throw new Error(`${inside} is larger than ${limit} bytes`)
      return buffer.toString('utf8', 0, bytesRead)
    } finally {
      await file.close()
    }
  } finally {
    await place.close()
  }
}

/** Unbinds all below `folder` (that of volume, container and number) and removes it; never what was bound. */
// CleanSubPaths
export async function removeSubPaths(folder: string, signal: AbortSignal): Promise<void> {
  for (const place of await mountsBelow(folder)) await unmount(place, signal)
  for (const name of await readdir(folder, { recursive: true }).then(deepestFirst, () => [])) {
    const place = path.join(folder, name)
    // a file cannot be removed as a folder; what holds anything is not removed at all
    await rmdir(place).catch(() => unlink(place))
  }
  await rmdir(folder).catch(() => undefined)
}

function deepestFirst(names: readonly string[]): string[] {
  return names.toSorted((a, b) => b.split('/').length - a.split('/').length)
}

function partsOf(inside: string): string[] {
  return inside.split('/').filter((part) => part !== '' && part !== '.')
}

/** Opens a place below `root`; both have to be free of links, and are found out when they are not. */
// doSafeOpen
async function openWithin(root: string, place: string): Promise<FileHandle> {
  const inside = path.relative(root, place)
  if (inside === '..' || inside.startsWith('../')) throw new Error(`${place} is not in ${root}`)
  let at = await open(root, placeFlags)
  for (const part of partsOf(inside)) at = await step(at, part)
  return at
}

/** From an open folder to what it has by that name; the folder is closed. */
async function step(folder: FileHandle, name: string): Promise<FileHandle> {
  try {
    const next = await open(`${byHandle(folder)}/${name}`, placeFlags)
    if (!(await next.stat()).isSymbolicLink()) return next
    await next.close()
    throw new Error(`unexpected symlink found ${name}`)
  } finally {
    await folder.close()
  }
}

function byHandle(handle: FileHandle): string {
  return `/proc/self/fd/${handle.fd}`
}
