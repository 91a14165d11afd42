import { chmod, copyFile, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { must, run } from '../run.ts'

/**
 * Takes one program out of a package of Debian's sid: apt itself fetches it (and checks its signature) from the
 * machine's own mirror into a folder of its own, where it is unpacked. Nothing of sid is installed.
 * Answers with the target, or undefined on a system that has no Debian mirror (Ubuntu).
 */
export async function takeFromSid(pkg: string, file: string, target: string): Promise<string | undefined> {
  const mirror = await machineMirror()
  if (mirror === undefined) return undefined
  const work = await mkdtemp(join(tmpdir(), 'kubets-sid-'))
  try {
    await mkdir(join(work, 'lists', 'partial'), { recursive: true })
    const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg'
    const signed = existsSync(keyring) ? `[signed-by=${keyring}] ` : ''
    await writeFile(join(work, 'sources.list'), `deb ${signed}${mirror} sid main\n`)
    await writeFile(join(work, 'status'), '')
    const apart = [
      ['Dir::Etc::sourcelist', join(work, 'sources.list')],
      ['Dir::Etc::sourceparts', '-'],
      ['Dir::State::lists', join(work, 'lists')],
      ['Dir::State::status', join(work, 'status')], // what is installed here must not be preferred to what sid has
      ['Dir::Cache::pkgcache', ''],
      ['Dir::Cache::srcpkgcache', ''],
      ['APT::Sandbox::User', 'root'],
    ].flatMap(([key, value]) => ['-o', `${key ?? ''}=${value ?? ''}`])
    await must('apt-get', [...apart, 'update'], { timeoutMs: 300_000 })
    await must('sh', ['-c', 'cd "$1" && shift && apt-get "$@"', 'sh', work, ...apart, 'download', pkg], {
      timeoutMs: 300_000,
    })
    const deb = (await readdir(work)).find((name) => name.endsWith('.deb'))
    if (deb === undefined) throw new Error(`apt-get download left no package ${pkg}`)
    await must('dpkg', ['-x', join(work, deb), join(work, 'root')])
    await mkdir(dirname(target), { recursive: true })
    await copyFile(join(work, 'root', file), target)
    await chmod(target, 0o755)
    return target
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
