// How full volumes are that are not folders of this machine.
import { execFile } from 'node:child_process'
import { readFile, stat } from 'node:fs/promises'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import type { FileSystemUsage } from './machine.ts'

const limitMs = 10_000

/**
 * How full a file system of another machine is. While that machine is away whoever asks hangs, so a process of its own
 * does; the question answers undefined when it takes too long, and as long as the one before hangs.
 */
// pkg/volume/metrics_statfs.go
export function remoteUsage(
  place: string,
  clock: Clock,
): (signal: AbortSignal) => Promise<FileSystemUsage | undefined> {
  let asking = false
  return async (signal) => {
    if (asking) return undefined
    asking = true
    const { promise, resolve } = Promise.withResolvers<string | undefined>()
    const child = execFile('stat', ['-f', '-c', '%S %b %f %a %c %d', place], (error, stdout) =>
      resolve(error ? undefined : stdout),
    )
    child.once('close', () => (asking = false))
    const giveUp = (): void => {
      child.kill('SIGKILL')
      resolve(undefined)
    }
    const cancel = clock.timer(limitMs, giveUp)
    signal.addEventListener('abort', giveUp, { once: true })
    try {
      const said = await promise
      return said === undefined ? undefined : usageOf(said)
    } finally {
      cancel()
      signal.removeEventListener('abort', giveUp)
    }
  }
}

function usageOf(said: string): FileSystemUsage {
  const [size = 0, blocks = 0, free = 0, available = 0, inodes = 0, inodesFree = 0] = said.trim().split(' ').map(Number)
  return {
    availableBytes: available * size,
    capacityBytes: blocks * size,
    usedBytes: (blocks - free) * size,
    inodesFree,
    inodes,
    inodesUsed: inodes - inodesFree,
  }
}

/** What is known of a device: its size. Rejects when it is no block device. */
// pkg/volume/metrics_block.go
export async function deviceUsage(device: string): Promise<FileSystemUsage> {
  const { rdev } = await stat(device)
  // sys/sysmacros.h gnu_dev_major, gnu_dev_minor, of what Linux has
  const [major, minor] = [(rdev >>> 8) & 0xfff, (rdev & 0xff) | ((rdev >>> 12) & 0xfff00)]
  const sectors = Number(await readFile(`/sys/dev/block/${String(major)}:${String(minor)}/size`, 'utf8'))
  const unknown = { availableBytes: 0, usedBytes: 0, inodesFree: 0, inodes: 0, inodesUsed: 0 }
  return { ...unknown, capacityBytes: sectors * 512 }
}
