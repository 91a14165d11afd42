import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface TestDisk {
  /** A folder on the machine's own disk, for what goes with this one. */
  work: string
  /** Where the disk is mounted. */
  place: string
  /** Unmounts and removes it, and the folder. */
  remove(): Promise<void>
}

/** For tests: a disk of so many MiB, so that it is soon full. */
export async function makeDisk(mebibytes: number): Promise<TestDisk> {
  const work = await mkdtemp(path.join(tmpdir(), 'kubets-disk-'))
  const [disk, place] = [path.join(work, 'disk'), path.join(work, 'place')]
  await Promise.all([writeFile(disk, ''), mkdir(place)])
  await truncate(disk, mebibytes << 20)
  await run('mkfs.ext4', ['-q', '-m0', disk])
  await run('mount', ['-o', 'loop', disk, place])
  return {
    work,
    place,
    remove: async () => {
      await run('umount', [place])
      await rm(work, { recursive: true })
    },
  }
}
