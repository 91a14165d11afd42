import { cp, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { must } from '../run.ts'
import { unpackFromSuite } from './sid.ts'

/**
 * Brings the clients of the long run: `DIR/churn`, built of `sources` with client-go as Debian's sid has it, and
 * `DIR/python`, the modules of the Python client. Building takes minutes. A system without a Debian mirror gets none.
 * @returns what there is now, in words
 */
export async function fetchClients(dir: string, sources: string): Promise<string> {
  await mkdir(dir, { recursive: true })
  const built = await unpackFromSuite(
    'sid',
    ['golang-go', 'golang-k8s-client-go-dev'],
    'with dependencies',
    async (root) => {
      const own = join(root, 'gopath')
      await cp(sources, join(own, 'src', 'churn'), { recursive: true })
      const env = {
        ...process.env,
        GO111MODULE: 'off', // Debian's libraries lie where GOPATH says; nothing is looked up
        GOPATH: `${own}:${join(root, 'usr', 'share', 'gocode')}`,
        GOROOT: join(root, 'usr', 'lib', 'go'),
        GOCACHE: join(root, 'gocache'),
        GOTOOLCHAIN: 'local',
        CGO_ENABLED: '0',
      }
      const go = join(root, 'usr', 'lib', 'go', 'bin', 'go')
      await must(go, ['build', '-o', join(dir, 'churn'), 'churn'], { env, timeoutMs: 1_800_000 })
      return 'client-go'
    },
  )
  const python = await unpackFromSuite('bookworm', ['python3-kubernetes'], 'with dependencies', async (root) => {
    await cp(join(root, 'usr', 'lib', 'python3', 'dist-packages'), join(dir, 'python'), { recursive: true })
    return 'python3-kubernetes'
  })
  return built === undefined || python === undefined ? 'no Debian mirror: none' : `${built}, ${python}`
}
