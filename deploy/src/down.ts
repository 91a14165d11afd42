import { existsSync } from 'node:fs'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { isAlive } from './cluster/processes.ts'
import { removeUserContext } from './cluster/kubeconfig.ts'
import { readState } from './cluster/state.ts'
import { end } from './cluster/supervisor.ts'
import { UserError } from './errors.ts'
import { dockerClient, engineVersion, ensureEngine, stopOwnEngine } from './install/docker-engine.ts'
import { Progress } from './progress.ts'
import { must, run } from './run.ts'
import type { Settings } from './settings.ts'
import { until } from './until.ts'

const say = (line: string): void => void process.stdout.write(`${line}\n`)

/** `kubets down`: ends the programs, then removes whatever they left in Docker and the kernel; `--purge` the data too. */
export async function down(settings: Settings): Promise<void> {
  const progress = new Progress(say)
  if (!existsSync(settings.stateDir)) {
    say('kubets is not running and has no data here: nothing to do.')
    return
  }
  await mkdir(join(settings.stateDir, 'run'), { recursive: true })
  // What one step cannot remove must not keep the others from removing theirs.
  const left: string[] = []
  const step = (name: string, work: () => Promise<unknown>): Promise<unknown> =>
    progress.step(name, work).catch((error: unknown) => {
      left.push(`  - ${name}: ${error instanceof Error ? error.message : String(error)}`)
    })
  await step('programs', () => stopPrograms(settings))
  if ((await engineVersion()) !== undefined) await step('containers and networks', () => removeFromDocker(settings))
  await step('kernel rules', () => removeRules(settings))
  await step('mounts', () => unmountUnder(settings.kubeletDir))
  await step('kubeconfig', () => removeUserContext(settings))
  await step('Docker engine', () => stopOwnEngine(settings.stateDir))
  if (left.length > 0) throw new UserError(['Not everything could be removed:', ...left].join('\n'))
  if (settings.purge) {
    await progress.step('data', () => rm(settings.stateDir, { recursive: true, force: true }))
  } else {
    await rm(join(settings.stateDir, 'run', 'state.json'), { force: true })
    say(`The data stays in ${settings.stateDir}; 'npm run down -- --purge' removes it.`)
  }
}

async function stopPrograms(settings: Settings): Promise<string> {
  const state = await readState(settings.stateDir)
  if (state === undefined) return 'none were running'
  if (await isAlive(state.supervisor)) {
    process.kill(state.supervisor.pid, 'SIGTERM')
    await until('the supervisor to end', 60_000, async () => ((await isAlive(state.supervisor)) ? undefined : true))
  }
  // A supervisor that was killed could not end them itself.
  for (const program of state.programs.toReversed()) await end(program)
  return `${String(state.programs.length)} stopped`
}

/** The kubelet marks what it makes with labels; nothing else is touched. */
export async function removeFromDocker(settings: Settings): Promise<string> {
  const docker = dockerClient()
  const mine = { label: [`kubets.node=${settings.nodeName}`] }
  const list = () => docker.listContainers({ all: true, filters: mine })
  const containers = await list()
  await Promise.all(containers.map(({ Id }) => removeContainer(Id)))
  // those that somebody else removes are no longer in the way of the network only when they are gone
  await until('the containers to be gone', 60_000, async () => ((await list()).length === 0 ? true : undefined))
  const networks = await docker.listNetworks({ filters: mine })
  for (const network of networks) await removeNetwork(settings, network.Name)
  return `${String(containers.length)} containers, ${String(networks.length)} networks`
}

/** A kubelet that ends may have begun with it: what is gone, or going, is no error. */
async function removeContainer(id: string): Promise<void> {
  try {
    await dockerClient().getContainer(id).remove({ force: true, v: true })
  } catch (error) {
    const { statusCode } = error as { statusCode?: number }
    if (statusCode !== 404 && statusCode !== 409) throw error
  }
}

/**
 * An engine that was frozen or killed at a bad moment keeps an endpoint that no container has, and then refuses to remove
 * the network; a restart clears it. The one we started is restarted, another's is not ours to stop.
 */
async function removeNetwork(settings: Settings, name: string): Promise<void> {
  try {
    await dockerClient().getNetwork(name).remove()
  } catch (error) {
    if (!(error instanceof Error && error.message.includes('active endpoints'))) throw error
    if ((await stopOwnEngine(settings.stateDir)) !== 'stopped') {
      throw new UserError(
        `the Docker engine holds a stale endpoint in its network ${name}: restart the engine, then run down again`,
      )
    }
    await ensureEngine(settings.stateDir)
    await dockerClient().getNetwork(name).remove()
  }
}

/** kube-proxy and the kubelet know best which rules and mounts are theirs. */
export async function removeRules(settings: Settings): Promise<void> {
  const node = join(settings.root, 'node_modules', '.bin', 'node')
  const quiet = '--disable-warning=ExperimentalWarning'
  const flags = ['--cleanup', `--hostname-override=${settings.nodeName}`]
  const main = (program: string): string => join(settings.root, program, 'src', 'main.ts')
  await must(node, [quiet, main('kube-proxy'), ...flags])
  await must(node, [quiet, main('kubelet'), ...flags, `--root-dir=${settings.kubeletDir}`])
}

/** Unmounts the volumes (tmpfs of Secrets, Memory emptyDirs) that Pods had; deepest first. */
async function unmountUnder(dir: string): Promise<string> {
  const table = await readFile('/proc/self/mounts', 'utf8')
  const points = mountPointsUnder(table, dir)
  for (const point of points) await run('umount', ['--lazy', point])
  await rm(join(dir, 'pods'), { recursive: true, force: true })
  return points.length === 0 ? 'none' : `${String(points.length)} unmounted`
}

/** Pure: the mount points of a mounts table at or under a folder, deepest first. */
export function mountPointsUnder(table: string, dir: string): string[] {
  return table
    .split('\n')
    .map((line) => (line.split(' ')[1] ?? '').replaceAll('\\040', ' '))
    .filter((point) => point === dir || point.startsWith(`${dir}/`))
    .toSorted((a, b) => b.length - a.length)
}
