import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { setOwnership } from './ownership.ts'

describe('the group of a volume', () => {
  const group = process.getgid?.() ?? 0
  let root: string
  const modeOf = async (...names: string[]): Promise<number> => (await stat(path.join(root, ...names))).mode & 0o7777
  beforeEach(async () => {
    root = await mkdtemp(path.join(tmpdir(), 'kubets-ownership-'))
  })
  afterEach(() => rm(root, { recursive: true, force: true }))

  it('may read and write files, and enter folders, whose files are its own', async () => {
    await mkdir(path.join(root, 'folder'), { mode: 0o700 })
    await writeFile(path.join(root, 'folder', 'file'), '', { mode: 0o600 })
    await setOwnership(root, group)
    expect([await modeOf(), await modeOf('folder'), await modeOf('folder', 'file')]).toEqual([0o2770, 0o2770, 0o660])
  })

  it('is set while another takes files and folders away', async () => {
    const names = Array.from({ length: 300 }, (_, i) => `f${String(1000 + i)}`)
    for (const name of names) await mkdir(path.join(root, name))
    for (const name of names) await writeFile(path.join(root, name, 'file'), '')
    const setting = setOwnership(root, group)
    // from the end that it comes to last, and a few at a time, so that it meets what goes
    const going = names.slice(100).toReversed()
    while (going.length > 0)
      await Promise.all(going.splice(0, 3).map((name) => rm(path.join(root, name), { recursive: true })))
    await setting
    expect(await readdir(root)).toHaveLength(100)
    expect(await modeOf()).toBe(0o2770)
  })

  it('cannot be set where there is no volume', async () => {
    await expect(setOwnership(path.join(root, 'none'), group)).rejects.toThrow('ENOENT')
  })
})
