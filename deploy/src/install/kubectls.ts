import { join } from 'node:path'
import { takeFromSuite } from './sid.ts'

/** The versions of kubectl that the tests run, each with the suite of Debian and the package that holds it. */
const kubectls = [
  ['v1.20', 'bookworm', 'kubernetes-client'],
  ['v1.32', 'trixie', 'kubectl'],
  ['current', 'sid', 'kubectl'],
] as const

/**
 * Brings kubectl in several versions, as `DIR/VERSION/kubectl`. A system without a Debian mirror (Ubuntu) gets none: the
 * tests then run the one of the PATH alone.
 * @returns what there is now, in words
 */
export async function fetchKubectls(dir: string): Promise<string> {
  const there: string[] = []
  for (const [version, suite, pkg] of kubectls) {
    const taken = await takeFromSuite(suite, pkg, 'usr/bin/kubectl', join(dir, version, 'kubectl'))
    if (taken !== undefined) there.push(version)
  }
  return there.length > 0 ? there.join(', ') : 'no Debian mirror: only the one of the PATH'
}
