import { link, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { diskUsage } from './disk-usage.ts'

const signal = new AbortController().signal
let root = ''
const at = (...names: string[]): string => path.join(root, ...names)

describe('diskUsage', () => {
  beforeAll(async () => {
    root = await mkdtemp(path.join(tmpdir(), 'kubets-du-'))
  })
  afterAll(() => rm(root, { recursive: true }))

  it('counts blocks and inodes of all that is in a folder', async () => {
    await mkdir(at('tree', 'a', 'b'), { recursive: true })
    const empty = await diskUsage(at('tree'), signal)
    expect(empty?.inodesUsed).toBe(3)
    await writeFile(at('tree', 'a', 'b', 'large'), Buffer.alloc(1 << 20, 1))
    // a link takes an inode, not what it leads to
    await symlink('/usr', at('tree', 'link'))
    await writeFile(Buffer.concat([Buffer.from(at('tree', 'odd-')), Buffer.from([0xff])]), Buffer.alloc(1 << 20, 1))
    for (let index = 0; index < 100; index++) await writeFile(at('tree', 'a', String(index)), '')
    const usage = await diskUsage(at('tree'), signal)
    expect(usage?.inodesUsed).toBe(3 + 3 + 100)
    const grown = (usage?.usedBytes ?? 0) - (empty?.usedBytes ?? 0)
    expect(grown).toBeGreaterThanOrEqual(2 << 20)
    expect(grown).toBeLessThan(3 << 20)
  })

  it('counts what has two names once', async () => {
    await mkdir(at('links'))
    await writeFile(at('links', 'one'), Buffer.alloc(1 << 20, 1))
    const before = await diskUsage(at('links'), signal)
    await link(at('links', 'one'), at('links', 'two'))
    expect(await diskUsage(at('links'), signal)).toEqual(before)
  })

  it('is of one file, or of none', async () => {
    await writeFile(at('file'), Buffer.alloc(5000, 1))
    expect(await diskUsage(at('file'), signal)).toMatchObject({ inodesUsed: 1 })
    expect(await diskUsage(at('none'), signal)).toBeUndefined()
  })

  it('leaves other file systems out', async () => {
    const usage = await diskUsage('/proc/self/task', AbortSignal.abort()).catch((error: unknown) => error)
    expect(usage).toBeInstanceOf(Error)
    expect((await diskUsage('/dev/null', signal))?.inodesUsed).toBe(1)
  })
})
