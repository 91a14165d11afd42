import { readFile } from 'node:fs/promises'
import { UserError } from '../errors.ts'
import type { Progress } from '../progress.ts'
import { must, which } from '../run.ts'
import { kubectlNeed, installKubectl } from './kubectl.ts'
import { needs, type Need } from './needs.ts'

const aptEnvironment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }

/**
 * Brings what the machine lacks, on Debian and Ubuntu as root.
 * @throws UserError that lists all that is missing where it may not install; nothing is changed then.
 */
export async function install(progress: Progress, binDir: string): Promise<void> {
  const missing = await lacking([...needs, kubectlNeed(binDir)])
  if (missing.length === 0) return
  if (!(await mayInstall())) throw new UserError(missingText(missing))
  const packages = [...new Set(missing.filter((need) => need.package !== 'kubectl').map((need) => need.package))]
  if (packages.length > 0) {
    await progress.step(`installing ${packages.join(', ')}`, async () => {
      await must('apt-get', ['update'], { env: aptEnvironment, timeoutMs: 300_000 })
      await must('apt-get', ['install', '-y', '--no-install-recommends', ...packages], {
        env: aptEnvironment,
        timeoutMs: 900_000,
      })
    })
  }
  if (missing.some((need) => need.package === 'kubectl')) {
    await progress.step('installing kubectl', () => installKubectl(binDir))
  }
  const still = await lacking([...needs, kubectlNeed(binDir)])
  if (still.length > 0) throw new UserError(missingText(still))
}

async function lacking(all: readonly Need[]): Promise<Need[]> {
  const present = await Promise.all(all.map((need) => need.present()))
  return all.filter((_need, index) => !present[index])
}

/** Root on a system with apt whose os-release says Debian or Ubuntu (or a child of theirs). */
async function mayInstall(): Promise<boolean> {
  if (process.getuid?.() !== 0 || (await which('apt-get')) === undefined) return false
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '')
  return /^ID(_LIKE)?=.*(debian|ubuntu)/m.test(release)
}

function missingText(missing: readonly Need[]): string {
  const lines = missing.map((need) => `  - ${need.name}: ${need.hint}`)
  return [
    'These are missing, and kubets may not install them here (it does so as root on Debian and Ubuntu):',
    ...lines,
    'Nothing was changed. Install them and run the command again.',
  ].join('\n')
}
