import { lstat, opendir } from 'node:fs/promises'
import type { Stats } from 'node:fs'

/** What files take on their disk. */
export interface DiskUsage {
  usedBytes: number
  inodesUsed: number
}

// so many are looked at at once: the thread pool is shared with all else the kubelet does
const atOnce = 32
const slash = Buffer.from('/')

/**
 * What a file or a folder with all that is in it takes, as du(1) counts: in blocks, what has several names once, other
 * file systems not at all. What goes away meanwhile does not count. undefined when there is nothing at that place.
 */
// pkg/volume/util/fs/fs.go DiskUsage
export async function diskUsage(place: string, signal: AbortSignal): Promise<DiskUsage | undefined> {
  const top = await lstat(place).catch(() => undefined)
  if (!top) return undefined
  const counted = new Set<number>()
  const total: DiskUsage = { usedBytes: 0, inodesUsed: 0 }
  const count = (one: Stats): void => {
    if (one.nlink > 1 && !one.isDirectory()) {
      if (counted.has(one.ino)) return
      counted.add(one.ino)
    }
    total.usedBytes += one.blocks * 512
    total.inodesUsed++
  }
  count(top)
  const folders = top.isDirectory() ? [Buffer.from(place)] : []
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for await (const names of someOf(folder)) {
      signal.throwIfAborted()
      const children = names.map((name) => Buffer.concat([folder, slash, name]))
      const found = await Promise.all(children.map((child) => lstat(child).catch(() => undefined)))
      for (const [index, one] of found.entries()) {
        if (one?.dev !== top.dev) continue
        count(one)
        const child = children[index]
        if (one.isDirectory() && child) folders.push(child)
      }
    }
  }
  return total
}

/** The names in a folder, some at a time; as bytes, for a container may name its files as it likes. */
async function* someOf(folder: Buffer): AsyncGenerator<Buffer[]> {
  const dir = await opendir(folder, { encoding: 'latin1', bufferSize: atOnce }).catch(() => undefined)
  if (!dir) return
  let some: Buffer[] = []
  for await (const { name } of dir) {
    some.push(Buffer.from(name, 'latin1'))
    if (some.length < atOnce) continue
    yield some
    some = []
  }
  if (some.length > 0) yield some
}
