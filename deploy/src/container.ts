import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { kubeconfigNames, writeKubeconfigs } from './cluster/kubeconfig.ts'
import { ensureCertificates } from './cluster/pki.ts'
import { programs, type Program } from './cluster/programs.ts'
import { removeFromDocker, removeRules } from './down.ts'
import { UserError } from './errors.ts'
import { ensureImages } from './images/build.ts'
import { dockerClient } from './install/docker-engine.ts'
import { Progress } from './progress.ts'
import type { Settings } from './settings.ts'

/** What `setup` was told or found out on the host's network, for the containers that are not on it. */
type Shared = Pick<Settings, 'nodeName' | 'nodeIP' | 'securePort' | 'etcdHost' | 'kubeletDir'>

/** Who speaks to the apiserver from the host's network; the others do so by its name in the compose network. */
const onHost = ['kubelet', 'kube-proxy', 'admin']

const say = (line: string): void => void process.stdout.write(`${line}\n`)

/** `kubets setup`, the first container of the compose file: all that the others read from the state volume. */
export async function setup(settings: Settings): Promise<void> {
  const progress = new Progress(say)
  for (const dir of ['run', 'etcd', 'manifests', 'health']) {
    await mkdir(join(settings.stateDir, dir), { recursive: true, mode: 0o700 })
  }
  await progress.step('certificates', () => ensureCertificates(settings))
  const inNetwork = kubeconfigNames.filter((name) => !onHost.includes(name))
  await writeKubeconfigs(settings, inNetwork)
  await writeKubeconfigs({ ...settings, apiserverHost: '127.0.0.1' }, onHost)
  for (const one of programs(settings)) {
    await writeFile(join(settings.stateDir, 'health', one.name), curlConfig(settings.stateDir, one.health))
  }
  await progress.step('base images', ensureImages)
  const { nodeName, nodeIP, securePort, etcdHost, kubeletDir } = settings
  const shared: Shared = { nodeName, nodeIP, securePort, etcdHost, kubeletDir }
  await writeFile(sharedPath(settings), JSON.stringify(shared))
}

/** `kubets program X`: becomes that program. Never returns. */
export async function program(settings: Settings): Promise<number> {
  const { command, args, env } = findProgram(await withShared(settings))
  if (!process.execve) throw new Error('this Node cannot replace itself by another program (process.execve)')
  return process.execve('/usr/bin/env', ['env', command, ...args], { ...process.env, ...env })
}

/**
 * `kubets cleanup`, a container that is run before `docker compose down -v`: ends the two programs that work on the
 * host, then removes what they made there. They leave it in place when they are merely stopped, so that Pods outlive an
 * update of the kubelet.
 */
export async function cleanup(settings: Settings): Promise<void> {
  const own = await withShared(settings)
  const progress = new Progress(say)
  await progress.step('kubelet and kube-proxy', () => stopServices(own.composeProject, ['kubelet', 'kube-proxy']))
  await progress.step('containers and networks', () => removeFromDocker(own))
  // The kubelet's folder is a mount point of this container, and must stay one until it is empty.
  await progress.step('kernel rules', () => removeRules({ ...own, kubeletDir: join(own.kubeletDir, 'pods') }))
  await progress.step('volumes of Pods', () => empty(own.kubeletDir))
}

/** Stopping through Docker's API counts as the user's wish: `unless-stopped` does not start them again. */
async function stopServices(project: string, services: readonly string[]): Promise<string> {
  const docker = dockerClient()
  const label = [`com.docker.compose.project=${project}`]
  const all = await docker.listContainers({ filters: { label } })
  const wanted = all.filter((one) => services.includes(one.Labels['com.docker.compose.service'] ?? ''))
  await Promise.all(wanted.map((one) => docker.getContainer(one.Id).stop({ t: 15 })))
  return `${String(wanted.length)} stopped`
}

/** The folder itself is a mount point here: it stays. */
async function empty(dir: string): Promise<void> {
  for (const name of await readdir(dir)) await rm(join(dir, name), { recursive: true, force: true })
}

/** Pure: how curl asks a program whether it is well, as a file for its --config. */
export function curlConfig(stateDir: string, url: string): string {
  const pki = (file: string): string => JSON.stringify(join(stateDir, 'pki', file))
  return [
    `url = ${JSON.stringify(url)}`,
    'silent',
    'show-error',
    'fail',
    'max-time = 4',
    ...(url.startsWith('https:')
      ? [`cacert = ${pki('ca.crt')}`, `cert = ${pki('admin.crt')}`, `key = ${pki('admin.key')}`]
      : []),
    '',
  ].join('\n')
}

async function withShared(settings: Settings): Promise<Settings> {
  const text = await readFile(sharedPath(settings), 'utf8').catch(() => {
    throw new UserError(`${sharedPath(settings)} is missing: run 'kubets setup' on the same state folder first.`)
  })
  return { ...settings, ...(JSON.parse(text) as Shared) }
}

function findProgram(settings: Settings): Program {
  const all = programs(settings)
  const found = all.find((one) => one.name === settings.operands[0])
  if (found) return found
  throw new UserError(`name one of the programs: ${all.map((one) => one.name).join(', ')}`)
}

function sharedPath(settings: Settings): string {
  return join(settings.stateDir, 'run', 'shared.json')
}
