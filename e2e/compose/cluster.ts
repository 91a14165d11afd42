import { mkdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from '../harness/kubectl.ts'

const here = fileURLToPath(new URL('.', import.meta.url))
const file = join(here, '..', '..', 'deploy', 'compose.yaml')
/** CAP_SYS_RESOURCE in a bit mask of capabilities. capabilities(7) */
const sysResource = 1n << 24n

/** The cluster of deploy/compose.yaml while it is under test. */
export interface ComposeCluster {
  /** `docker compose …`; a non-zero exit is an error with its words. */
  compose(args: readonly string[], timeoutMs?: number): Promise<string>
  /** Removes all that the test set-up made. Safe after any failure. */
  dispose(): Promise<void>
}

async function must(command: string, args: readonly string[], timeoutMs = 180_000): Promise<string> {
  const ended = await run(command, args, { timeoutMs })
  if (ended.code === 0) return ended.stdout
  const words = `${ended.stdout}\n${ended.stderr}`.trim().split('\n').slice(-15).join('\n')
  throw new Error(`${command} ${args.join(' ')} ended with ${String(ended.code)}: ${words}`)
}

/** The cluster in $KUBETS_COMPOSE_DIR, whether it runs or not; sets what compose.yaml reads from the environment. */
export async function theCluster(): Promise<ComposeCluster & { readonly work: string; readonly kubeletDir: string }> {
  const work = process.env.KUBETS_COMPOSE_DIR ?? join(tmpdir(), 'kubets-compose')
  const kubeletDir = join(work, 'kubelet')
  const image = 'kubets-test/compose:1'
  Object.assign(process.env, {
    KUBETS_IMAGE: image,
    KUBETS_KUBELET_DIR: kubeletDir,
    KUBETS_COMPOSE_PROJECT: 'kubets',
    KUBECONFIG: join(work, 'kubeconfig'),
    // Debian's engine comes without BuildKit's plugin: then the older builder makes the image
    ...((await run('docker', ['buildx', 'version'])).code === 0 ? {} : { DOCKER_BUILDKIT: '0' }),
  })
  const files = ['-f', file, ...((await hasSysResource()) ? [] : ['-f', join(here, 'override.yaml')])]
  return {
    work,
    kubeletDir,
    compose: (args, timeoutMs) => must('docker', ['compose', ...files, ...args], timeoutMs),
    dispose: async () => {
      await run('docker', ['compose', ...files, 'run', '--rm', 'cleanup'])
      await run('docker', ['compose', ...files, 'down', '-v', '--remove-orphans'])
      await run('umount', [kubeletDir])
      await rm(work, { recursive: true, force: true })
      await run('docker', ['image', 'rm', image])
      await run('docker', ['image', 'prune', '--force', '--filter', 'label=kubets.stage=packages'])
    },
  }
}

/**
 * Builds the image and starts the cluster with a folder of its own for the kubelet; points $KUBECONFIG at it. The image
 * is based on $KUBETS_BASE_IMAGE.
 */
export async function startCluster(): Promise<ComposeCluster> {
  const { work, kubeletDir, ...cluster } = await theCluster()
  try {
    // What deploy/README.md asks for where no systemd has made all mounts shared.
    await mkdir(kubeletDir, { recursive: true })
    await must('mount', ['--bind', kubeletDir, kubeletDir])
    await must('mount', ['--make-shared', kubeletDir])
    await cluster.compose(['build'], 300_000)
    await cluster.compose(['up', '--wait'], 180_000)
    await cluster.compose(['cp', 'apiserver:/var/lib/kubets/kubeconfigs/admin', join(work, 'kubeconfig')])
    return cluster
  } catch (error) {
    const logs = await cluster.compose(['logs', '--tail=5']).catch(String)
    await cluster.dispose()
    throw new Error(`${(error as Error).message}\n${logs}`)
  }
}

/** A machine that itself lacks a capability cannot give it to a container. */
async function hasSysResource(): Promise<boolean> {
  const mask = /^CapBnd:\s*([0-9a-f]+)/m.exec(await readFile('/proc/self/status', 'utf8'))?.[1] ?? '0'
  return (BigInt(`0x${mask}`) & sysResource) !== 0n
}

/** What a cluster may leave behind on a machine: a list to compare with one from before. */
export async function traces(): Promise<string[]> {
  const commands = [
    ['docker', 'ps', '--all', '--format', 'container {{.Names}}'],
    ['docker', 'network', 'ls', '--format', 'network {{.Name}}'],
    ['docker', 'volume', 'ls', '--format', 'volume {{.Name}}'],
    ['iptables-save'],
    ['ip', 'route', 'show', 'table', 'all'],
    ['findmnt', '--list', '--noheadings', '--output', 'TARGET'],
  ] as const
  const outputs = await Promise.all(commands.map(([command, ...args]) => must(command, args)))
  return (
    outputs
      .flatMap((output) => output.split('\n'))
      // Docker keeps the host's namespace under this name from the first container on that uses it
      .filter((line) => line !== '' && !line.startsWith('#') && line !== '/run/docker/netns/default')
      .map((line) => line.replace(/ \[\d+:\d+\]$/, '').trim())
      .toSorted()
  )
}
