import { mkdir, open, stat } from 'node:fs/promises'
import type { Stats } from 'node:fs'

const checks: Readonly<Record<string, { what: string; test: (info: Stats) => boolean }>> = {
  Directory: { what: 'directory', test: (info) => info.isDirectory() },
  DirectoryOrCreate: { what: 'directory', test: (info) => info.isDirectory() },
  File: { what: 'file', test: (info) => info.isFile() },
  FileOrCreate: { what: 'file', test: (info) => info.isFile() },
  Socket: { what: 'socket file', test: (info) => info.isSocket() },
  CharDevice: { what: 'character device', test: (info) => info.isCharacterDevice() },
  BlockDevice: { what: 'block device', test: (info) => info.isBlockDevice() },
}

/** Makes the path if its type says so, and checks that it is what its type says. Throws what is wrong. */
// pkg/volume/hostpath/host_path.go checkTypeInternal
export async function prepareHostPath(place: string, type: string): Promise<void> {
  if (type === '') return
  const check = checks[type]
  if (!check) throw new Error(`hostPath type check failed: unsupported type ${type}`)
  const found = await stat(place).catch(() => undefined)
  if (type === 'DirectoryOrCreate' && !found) await mkdir(place, { recursive: true, mode: 0o755 })
  // the folders above it are not made
  if (type === 'FileOrCreate' && !found) await (await open(place, 'a', 0o644)).close()
  const info = found ?? (await stat(place).catch(() => undefined))
  if (!info || !check.test(info)) throw new Error(`hostPath type check failed: ${place} is not a ${check.what}`)
}
