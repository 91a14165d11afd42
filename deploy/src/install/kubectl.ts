import { chmod, copyFile, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { must, run, which } from '../run.ts'
import type { Need } from './needs.ts'

/** kubectl on the PATH, or the one kept in the state folder. */
export function kubectlNeed(binDir: string): Need {
  return {
    name: 'kubectl',
    package: 'kubectl',
    hint: 'https://kubernetes.io/docs/tasks/tools/',
    present: async () => existsSync(join(binDir, 'kubectl')) || (await which('kubectl')) !== undefined,
  }
}

/**
 * Debian's stable suites hold a kubectl too old for the declared version, sid's is current. So sid's package is
 * fetched by apt itself (which checks its signature) from the machine's own mirror into a folder of its own, and
 * unpacked there: nothing of sid is installed. Ubuntu has no sid: its own package is tried instead.
 */
export async function installKubectl(binDir: string): Promise<string> {
  const mirror = debianMirror(await aptSources())
  if (mirror === undefined) {
    await must('apt-get', ['install', '-y', '--no-install-recommends', 'kubectl'], { timeoutMs: 300_000 })
    return 'from the configured apt sources'
  }
  const work = await mkdtemp(join(tmpdir(), 'kubets-kubectl-'))
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
    await must('sh', ['-c', 'cd "$1" && shift && apt-get "$@"', 'sh', work, ...apart, 'download', 'kubectl'], {
      timeoutMs: 300_000,
    })
    const deb = (await readdir(work)).find((name) => name.endsWith('.deb'))
    if (deb === undefined) throw new Error('apt-get download left no kubectl package')
    await must('dpkg', ['-x', join(work, deb), join(work, 'root')])
    await mkdir(binDir, { recursive: true })
    await copyFile(join(work, 'root', 'usr', 'bin', 'kubectl'), join(binDir, 'kubectl'))
    await chmod(join(binDir, 'kubectl'), 0o755)
    return join(binDir, 'kubectl')
  } finally {
    await rm(work, { recursive: true, force: true })
  }
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
