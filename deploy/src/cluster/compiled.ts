import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { must } from '../run.ts'
import type { Settings } from '../settings.ts'
import { programs } from './programs.ts'

/**
 * Fills Node's compile cache with every program and what it imports, so that already the first start neither strips types
 * nor compiles. Does nothing when the sources are older than the cache. Returns what it did, for the progress line.
 */
export async function ensureCompiled(settings: Settings): Promise<string> {
  const stamp = join(settings.compileCache, 'complete')
  const all = programs(settings).filter(({ name }) => name !== 'etcd')
  const folders = ['shared', ...all.map(({ name }) => name)].map((name) => join(settings.root, name))
  const [made, changed] = await Promise.all([modified(stamp), newest(folders)])
  if (made > changed) return 'present'
  // what was compiled from older sources would stay for ever
  await rm(settings.compileCache, { recursive: true, force: true })
  await mkdir(settings.compileCache, { recursive: true, mode: 0o700 })
  // --help is the shortest way through all of a program's imports
  await Promise.all(
    all.map(({ command, args, env }) => must(command, [...args, '--help'], { env: { ...process.env, ...env } })),
  )
  await writeFile(stamp, '')
  return 'made'
}

/** When any of the folders' source files last changed, in milliseconds. */
async function newest(folders: readonly string[]): Promise<number> {
  const lists = await Promise.all(
    folders.map(async (folder) =>
      (await readdir(folder, { recursive: true }))
        .filter((name) => name.endsWith('.ts') && !name.includes('node_modules'))
        .map((name) => join(folder, name)),
    ),
  )
  return Math.max(...(await Promise.all(lists.flat().map(modified))))
}

async function modified(path: string): Promise<number> {
  return stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  )
}
