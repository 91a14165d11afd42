import { spawn } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ask } from './cluster/health.ts'
import { kubeconfigNames, writeKubeconfigs } from './cluster/kubeconfig.ts'
import { ensureCertificates } from './cluster/pki.ts'
import { programs, type Program } from './cluster/programs.ts'
import { UserError } from './errors.ts'
import { ensureImages } from './images/build.ts'
import { Progress } from './progress.ts'
import type { Settings } from './settings.ts'

/** What `setup` found out on the host's network, for the containers that are not on it. */
type Shared = Pick<Settings, 'nodeName' | 'nodeIP' | 'etcdHost' | 'kubeletDir'>

/** `kubets setup`, the first container of the compose file: certificates, kubeconfigs, base images. */
export async function setup(settings: Settings): Promise<void> {
  const progress = new Progress((line) => void process.stdout.write(`${line}\n`))
  for (const dir of ['run', 'etcd']) await mkdir(join(settings.stateDir, dir), { recursive: true, mode: 0o700 })
  await progress.step('certificates', () => ensureCertificates(settings))
  await writeKubeconfigs(settings)
  await progress.step('base images', ensureImages)
  const { nodeName, nodeIP, etcdHost, kubeletDir } = settings
  const shared: Shared = { nodeName, nodeIP, etcdHost, kubeletDir }
  await writeFile(sharedPath(settings), JSON.stringify(shared))
}

/** `kubets program X`: runs one program in the foreground and answers with its exit code. */
export async function program(settings: Settings): Promise<number> {
  const own = await withShared(settings)
  const wanted = findProgram(own)
  if (kubeconfigNames.includes(wanted.name)) await writeKubeconfigs(own, [wanted.name])
  const child = spawn(wanted.command, wanted.args, { stdio: ['ignore', 'inherit', 'inherit'] })
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => child.kill(signal))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve(code ?? 137))
  })
}

/** `kubets health X`: exit code 0 when the program in this container says that it is well. */
export async function health(settings: Settings): Promise<number> {
  const own = await withShared(settings)
  const { code, body } = await ask(own, findProgram(own).health)
  process.stdout.write(`${String(code)} ${body}\n`)
  return code === 200 ? 0 : 1
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
