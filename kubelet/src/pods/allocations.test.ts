import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Allocations } from './allocations.ts'

describe('Allocations', () => {
  let folder: string
  beforeEach(async () => (folder = await mkdtemp(path.join(tmpdir(), 'kubets-allocations-'))))
  afterEach(() => rm(folder, { recursive: true }))

  const open = (): Allocations => new Allocations((uid) => path.join(folder, uid))
  const some = { a: { requests: { cpu: '1' } } }
  const more = { a: { requests: { cpu: '2' } } }

  it('are known again after a restart', async () => {
    const first = open()
    expect(first.get('u1')).toBeUndefined()
    await first.set('u1', { allocated: some, actuated: some })
    await first.set('u1', { allocated: more })
    await first.set('u1', { actuated: { b: {} } })
    const known = { allocated: more, actuated: { ...some, b: {} } }
    expect([first.get('u1'), open().get('u1')]).toEqual([known, known])
    expect(await readdir(path.join(folder, 'u1'))).toEqual(['allocation.json'])
  })

  it('are written when they change', async () => {
    const one = open()
    await one.set('u1', { allocated: some, actuated: some })
    const { ino } = await stat(path.join(folder, 'u1/allocation.json'))
    await one.set('u1', { actuated: some })
    expect((await stat(path.join(folder, 'u1/allocation.json'))).ino).toBe(ino)
  })

  it('are forgotten with the Pod, and a file that is none is no allocation', async () => {
    const one = open()
    await one.set('u1', { allocated: some })
    await writeFile(path.join(folder, 'u1/allocation.json'), '{"alloc')
    expect(one.get('u1')).toEqual({ allocated: some, actuated: {} })
    one.forget('u1')
    expect(one.get('u1')).toBeUndefined()
  })
})
