import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { must, which } from '../run.ts'
import type { Need } from './needs.ts'
import { takeFromSid } from './sid.ts'

/** kubectl on the PATH, or the one kept in the state folder. */
export function kubectlNeed(binDir: string): Need {
  return {
    name: 'kubectl',
    package: 'kubectl',
    hint: 'https://kubernetes.io/docs/tasks/tools/',
    present: async () => existsSync(join(binDir, 'kubectl')) || (await which('kubectl')) !== undefined,
  }
}

/** Debian's stable suites hold a kubectl too old for the declared version; sid's is current. Ubuntu's own package is tried. */
export async function installKubectl(binDir: string): Promise<string> {
  const taken = await takeFromSid('kubectl', 'usr/bin/kubectl', join(binDir, 'kubectl'))
  if (taken !== undefined) return taken
  await must('apt-get', ['install', '-y', '--no-install-recommends', 'kubectl'], { timeoutMs: 300_000 })
  return 'from the configured apt sources'
}
