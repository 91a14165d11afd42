import { chmod, copyFile, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { must, run } from '../run.ts'

/** Takes one program out of a package of Debian's sid: see {@link takeFromSuite}. */
export function takeFromSid(pkg: string, file: string, target: string): Promise<string | undefined> {
  return takeFromSuite('sid', pkg, file, target)
}

/**
 * Takes one program out of a package of any suite of Debian.
 * Answers with the target, or undefined on a system that has no Debian mirror (Ubuntu).
 */
export function takeFromSuite(suite: string, pkg: string, file: string, target: string): Promise<string | undefined> {
  return unpackFromSuite(suite, [pkg], 'alone', async (root) => {
    await mkdir(dirname(target), { recursive: true })
    await copyFile(join(root, file), target)
    await chmod(target, 0o755)
    return target
  })
}

/**
 * Unpacks packages of any suite of Debian, alone or with all they depend on, and lets `use` take what it wants of the
 * tree, which goes afterwards. apt itself fetches them (and checks their signature) from the machine's own mirror into a
 * folder of its own; nothing of it is installed.
 * Answers as `use` does, or with undefined on a system that has no Debian mirror (Ubuntu).
 */
export async function unpackFromSuite<T>(
  suite: string,
  packages: readonly string[],
  what: 'alone' | 'with dependencies',
  use: (root: string) => Promise<T>,
): Promise<T | undefined> {
  const mirror = await machineMirror()
  if (mirror === undefined) return undefined
  const work = await mkdtemp(join(tmpdir(), 'kubets-suite-'))
  try {
    for (const folder of ['lists', 'archives']) await mkdir(join(work, folder, 'partial'), { recursive: true })
    const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg'
    const signed = existsSync(keyring) ? `[signed-by=${keyring}] ` : ''
    await writeFile(join(work, 'sources.list'), `deb ${signed}${mirror} ${suite} main\n`)
    await writeFile(join(work, 'status'), '')
    const apart = [
      ['Dir::Etc::sourcelist', join(work, 'sources.list')],
      ['Dir::Etc::sourceparts', '-'],
      ['Dir::State::lists', join(work, 'lists')],
      ['Dir::State::status', join(work, 'status')], // what is installed here must not be preferred to what the suite has
      ['Dir::Cache::archives', join(work, 'archives')],
      ['Dir::Cache::pkgcache', ''],
      ['Dir::Cache::srcpkgcache', ''],
      ['APT::Sandbox::User', 'root'],
    ].flatMap(([key, value]) => ['-o', `${key ?? ''}=${value ?? ''}`])
    await must('apt-get', [...apart, 'update'], { timeoutMs: 300_000 })
    const archives = join(work, 'archives')
    const verb = what === 'alone' ? ['download'] : ['install', '--download-only', '--no-install-recommends', '-y']
    await must('sh', ['-c', 'cd "$1" && shift && apt-get "$@"', 'sh', archives, ...apart, ...verb, ...packages], {
      timeoutMs: 600_000,
    })
    const debs = (await readdir(archives)).filter((name) => name.endsWith('.deb'))
    if (debs.length === 0) throw new Error(`apt-get ${verb[0] ?? ''} left nothing of ${packages.join(', ')}`)
    for (const deb of debs) await must('dpkg', ['-x', join(archives, deb), join(work, 'root')])
    return await use(join(work, 'root'))
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/** The Debian mirror that this machine's apt uses; undefined elsewhere than on Debian. */
export async function machineMirror(): Promise<string | undefined> {
  return debianMirror(await aptSources())
}

async function aptSources(): Promise<string> {
  const parts = await run('sh', ['-c', 'cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null'])
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '')
  return /^ID=debian/m.test(release) ? parts.stdout : ''
}

/** The first Debian archive that apt is set up with (`deb URI suite …` or deb822's `URIs:`); security is another archive. */
export function debianMirror(sources: string): string | undefined {
  for (const line of sources.split('\n')) {
    const found = /^deb\s+(?:\[[^\]]*\]\s+)?(\S+)/.exec(line) ?? /^URIs:\s*(\S+)/.exec(line)
    const uri = found?.[1]
    if (uri !== undefined && /\/debian\/?$/.test(uri)) return uri
  }
  return undefined
}
