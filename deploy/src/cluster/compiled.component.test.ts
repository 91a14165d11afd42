import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, it } from 'vitest'
import { readSettings } from '../settings.ts'
import { ensureCompiled } from './compiled.ts'

it('compiles every program once', async () => {
  const cache = await mkdtemp(join(tmpdir(), 'compiled-test-'))
  try {
    const root = resolve(import.meta.dirname, '../../..')
    const settings = readSettings(root, [], { KUBETS_COMPILE_CACHE: cache })
    expect(await ensureCompiled(settings)).toBe('made')
    expect((await readdir(cache, { recursive: true })).length).toBeGreaterThan(500)
    expect(await ensureCompiled(settings)).toBe('present')
  } finally {
    await rm(cache, { recursive: true, force: true })
  }
})
