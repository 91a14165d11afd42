import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { endsAt, GraceKeeper } from './grace.ts'

describe('endsAt', () => {
  it.each<[string, number | undefined, number, number, number]>([
    ['begins with the whole grace', undefined, 30, 1000, 31_000],
    ['goes on while it lasts', 31_000, 30, 11_000, 31_000],
    ['is over when it is over', 31_000, 30, 90_000, 31_000],
    ['becomes shorter', 31_000, 5, 11_000, 16_000],
    ['never becomes longer', 31_000, 60, 11_000, 31_000],
    ['is no longer than asked for when the clock was set back', 3_631_000, 30, 1000, 31_000],
  ])('%s', (_name, before, grace, now, expected) => {
    expect(endsAt(before, grace, now)).toBe(expected)
  })
})

describe('GraceKeeper', () => {
  /** A clock that says so, when so much time has passed (as much as it says, if nobody has set it). */
  const at = (now: number, elapsed = now) => ({ now: () => now, elapsed: () => elapsed })
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'kubets-grace-'))
  })
  afterEach(() => rm(folder, { recursive: true }))

  it('counts on over a restart', async () => {
    const podDir = path.join(folder, 'not', 'there')
    const keeper = new GraceKeeper(podDir)
    expect(await keeper.left(30, at(1000))).toBe(30)
    expect(await keeper.left(30, at(11_000))).toBe(20)
    expect(await new GraceKeeper(podDir).left(30, at(21_000))).toBe(10)
    expect(await new GraceKeeper(podDir).left(2, at(22_000))).toBe(2)
    expect(await new GraceKeeper(podDir).left(30, at(60_000))).toBe(0)
  })

  it('counts the time that passes, whatever the clock is set to', async () => {
    const hour = 3_600_000
    const keeper = new GraceKeeper(folder)
    expect(await keeper.left(30, at(2 * hour, 1000))).toBe(30)
    expect(await keeper.left(30, at(3 * hour, 11_000))).toBe(20)
    expect(await keeper.left(30, at(hour, 21_000))).toBe(10)
    expect(await keeper.left(5, at(hour, 22_000))).toBe(5)
    // the next one has what was written last
    expect(await new GraceKeeper(folder).left(30, at(hour + 3000, 500))).toBe(2)
  })

  it.each(['', '{"endsAt":', '[]', 'null', '{"endsAt":"x"}'])('begins anew where %j is left', async (text) => {
    await mkdir(folder, { recursive: true })
    await writeFile(path.join(folder, 'ending.json'), text)
    expect(await new GraceKeeper(folder).left(30, at(1000))).toBe(30)
  })

  it('knows also what it cannot write down', async () => {
    await writeFile(path.join(folder, 'file'), '')
    const keeper = new GraceKeeper(path.join(folder, 'file', 'x'))
    await expect(keeper.left(30, at(1000))).rejects.toThrow('ENOTDIR')
    expect(await keeper.left(30, at(11_000))).toBe(20)
  })
})
