import {
  chmod,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  realpath,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { mountsBelow } from './mounts.ts'
import { bindSubPath, makeSubPath, removeSubPaths } from './subpath.ts'

const signal = new AbortController().signal

describe('subPath', () => {
  let folder: string
  let volume: string
  let outside: string
  let targets: string

  beforeEach(async () => {
    folder = await realpath(await mkdtemp(path.join(tmpdir(), 'kubets-subpath-')))
    volume = path.join(folder, 'volume')
    outside = path.join(folder, 'outside')
    targets = path.join(folder, 'volume-subpaths')
    await mkdir(path.join(volume, 'a'), { recursive: true })
    await mkdir(path.join(outside, 'there'), { recursive: true })
    await writeFile(path.join(volume, 'a/file'), 'inside')
    await writeFile(path.join(outside, 'there/file'), 'secret')
  })
  afterEach(async () => {
    await removeSubPaths(targets, signal)
    expect(await mountsBelow(folder)).toEqual([])
    expect(await readdir(folder)).toEqual(['outside', 'volume'])
    await rm(folder, { recursive: true })
  })

  const target = (index = 0): string => path.join(targets, 'v', 'main', String(index))
  const prepare = async (inside: string, index = 0): Promise<string> => {
    await makeSubPath(volume, inside)
    await bindSubPath({ volume, inside, target: target(index) }, signal)
    return target(index)
  }

  it('makes the folders it lacks, with the mode of the volume', async () => {
    await chmod(volume, 0o2777)
    await writeFile(path.join(await prepare('a/b/./c/'), 'new'), 'x')
    expect(await readFile(path.join(volume, 'a/b/c/new'), 'utf8')).toBe('x')
    expect((await stat(path.join(volume, 'a/b/c'))).mode & 0o7777).toBe(0o2777)
  })

  it('is a file where there is one, and a link where that stays inside', async () => {
    expect(await readFile(await prepare('a/file'), 'utf8')).toBe('inside')
    await symlink('a', path.join(volume, '..data'))
    await symlink('..data/file', path.join(volume, 'key'))
    expect(await readFile(await prepare('key', 1), 'utf8')).toBe('inside')
    expect(await mountsBelow(targets)).toHaveLength(2)
  })

  it.each([
    ['to a folder', 'there', 'link'],
    ['to a folder, by way of it', '.', 'link/there'],
    ['to a file', 'there/file', 'link'],
  ])('is refused where a link leads out: %s', async (_, to, inside) => {
    for (const link of [path.join(outside, to), path.join('../outside', to)]) {
      await rm(path.join(volume, 'link'), { force: true })
      await symlink(link, path.join(volume, 'link'))
      await expect(prepare(inside)).rejects.toThrow('is not in')
    }
  })

  it('makes nothing outside', async () => {
    await symlink(outside, path.join(volume, 'link'))
    await symlink(path.join(outside, 'none'), path.join(volume, 'dangling'))
    await expect(makeSubPath(volume, 'link/new')).rejects.toThrow('is not in')
    await expect(makeSubPath(volume, 'dangling')).rejects.toThrow('EEXIST')
    await expect(makeSubPath(volume, 'dangling/new')).rejects.toThrow('EEXIST')
    expect(await readdir(outside)).toEqual(['there'])
  })

  it('stays what it was when the volume changes under it', async () => {
    const bound = await prepare('a')
    await rename(path.join(volume, 'a'), path.join(volume, 'b'))
    await symlink(path.join(outside, 'there'), path.join(volume, 'a'))
    expect(await readFile(path.join(bound, 'file'), 'utf8')).toBe('inside')
    await expect(prepare('a')).rejects.toThrow('is not in')
  })

  it('is bound once, and anew when it is something else', async () => {
    await prepare('a')
    await prepare('a')
    expect(await mountsBelow(targets)).toEqual([target()])
    await rm(path.join(volume, 'a'), { recursive: true })
    await writeFile(path.join(volume, 'a'), 'a file now')
    expect(await readFile(await prepare('a'), 'utf8')).toBe('a file now')
    expect(await mountsBelow(targets)).toEqual([target()])
  })

  it('is taken away without what is in it', async () => {
    await prepare('a')
    await removeSubPaths(targets, signal)
    expect(await readFile(path.join(volume, 'a/file'), 'utf8')).toBe('inside')
  })
})
