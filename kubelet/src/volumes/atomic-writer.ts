import { randomBytes } from 'node:crypto'
import { chmod, chown, mkdir, readFile, readdir, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'

export interface FileContent {
  data: Buffer
  mode: number
  /** Owner, if not the kubelet's own user. */
  uid?: number
}

/** Files of a volume by their relative path. */
export type Payload = ReadonlyMap<string, FileContent>

const dataLink = '..data'

/**
 * Makes the folder show exactly the payload, all files changing at one moment: they live in a folder with a time in
 * its name, `..data` points at it, and each name at the top points into `..data`. Returns whether anything changed.
 */
// pkg/volume/util/atomic_writer.go AtomicWriter.Write
export async function writeAtomically(folder: string, payload: Payload, now: number, gid?: number): Promise<boolean> {
  for (const name of payload.keys()) checkPath(name)
  const old = await readlink(path.join(folder, dataLink)).catch(() => undefined)
  if (old !== undefined && (await isSame(path.join(folder, old), payload))) {
    await linkNames(folder, payload)
    return false
  }
  const stamp = new Date(now).toISOString().replaceAll(/[-:]/g, '_').replace('T', '_').replace('Z', '')
  const fresh = `..${stamp}.${randomBytes(4).toString('hex')}`
  const freshDir = path.join(folder, fresh)
  await mkdir(freshDir)
  await chmod(freshDir, 0o755)
  try {
    for (const [name, content] of payload) await writeOne(freshDir, name, content, gid)
  } catch (error) {
    // on a full disk each new attempt would leave some more
    await rm(freshDir, { recursive: true, force: true })
    throw error
  }
  const link = path.join(folder, `${dataLink}_tmp`)
  await rm(link, { force: true })
  await symlink(fresh, link)
  await rename(link, path.join(folder, dataLink))
  await linkNames(folder, payload)
  if (old !== undefined) await rm(path.join(folder, old), { recursive: true, force: true })
  return true
}

// atomic_writer.go validatePath
function checkPath(name: string): void {
  const parts = name.split('/')
  if (name === '' || path.isAbsolute(name) || parts.includes('..') || parts[0]?.startsWith('..')) {
    throw new Error(`invalid path: ${JSON.stringify(name)}: must be relative and not begin with '..'`)
  }
}

async function isSame(folder: string, payload: Payload): Promise<boolean> {
  const present = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  const files = present.filter((entry) => entry.isFile())
  if (files.length !== payload.size) return false
  for (const [name, content] of payload) {
    const data = await readFile(path.join(folder, name)).catch(() => undefined)
    if (!data?.equals(content.data)) return false
  }
  return true
}

async function writeOne(folder: string, name: string, content: FileContent, gid?: number): Promise<void> {
  const file = path.join(folder, name)
  await mkdir(path.dirname(file), { recursive: true, mode: 0o755 })
  await writeFile(file, content.data)
  // a group that owns the volume may always read
  const mode = gid === undefined ? content.mode : content.mode | 0o440
  if (content.uid !== undefined || gid !== undefined) await chown(file, content.uid ?? 0, gid ?? 0)
  await chmod(file, mode)
}

async function linkNames(folder: string, payload: Payload): Promise<void> {
  const wanted = new Set([...payload.keys()].map((name) => name.split('/')[0] ?? ''))
  const present = (await readdir(folder)).filter((name) => !name.startsWith('..'))
  for (const name of present) if (!wanted.has(name)) await rm(path.join(folder, name), { recursive: true, force: true })
  for (const name of wanted) {
    if (!present.includes(name)) await symlink(path.join(dataLink, name), path.join(folder, name))
  }
}
