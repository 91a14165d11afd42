import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { must, run, which } from '../run.ts'
import { machineMirror, takeFromSid } from './sid.ts'

/**
 * Brings `docker compose` where it is missing. Debian's stable suites have no current one, so it is taken from sid into
 * a folder that serves as $DOCKER_CONFIG; on Ubuntu the package is installed.
 * @returns the variables by which `docker` finds it
 */
export async function ensureCompose(dir: string): Promise<NodeJS.ProcessEnv> {
  if ((await run('docker', ['compose', 'version'])).code === 0) return {}
  const plugin = join(dir, 'cli-plugins', 'docker-compose')
  const taken = await takeFromSid('docker-compose', 'usr/libexec/docker/cli-plugins/docker-compose', plugin)
  if (taken !== undefined) return { DOCKER_CONFIG: dir }
  await installPackage('docker-compose-v2')
  return {}
}

/** Makes a minimal Debian as an image from the machine's own mirror, because a registry may be out of reach. */
export async function makeDebianImage(name: string): Promise<string> {
  const mirror = await machineMirror()
  if (mirror === undefined) {
    await must('docker', ['pull', 'debian:trixie-slim'], { timeoutMs: 300_000 })
    await must('docker', ['tag', 'debian:trixie-slim', name])
    return 'pulled'
  }
  if ((await which('debootstrap')) === undefined) await installPackage('debootstrap')
  const work = await mkdtemp(join(tmpdir(), 'kubets-debian-'))
  try {
    await must('debootstrap', ['--variant=minbase', 'trixie', work, mirror], { timeoutMs: 300_000 })
    const without = [
      'var/cache/apt/*',
      'var/lib/apt/lists/*',
      'usr/share/doc/*',
      'usr/share/locale/*',
      'usr/share/man/*',
    ]
    const pack = `tar -C "$1" ${without.map((one) => `--exclude='./${one}'`).join(' ')} -c . | docker import - "$2"`
    await must('sh', ['-c', pack, 'sh', work, name])
    return 'made from the mirror of apt'
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

async function installPackage(name: string): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  await must('apt-get', ['update'], { env, timeoutMs: 300_000 })
  await must('apt-get', ['install', '-y', '--no-install-recommends', name], { env, timeoutMs: 300_000 })
}
