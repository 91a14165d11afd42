import { spawn } from 'node:child_process'
import { openSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { nodeEnv } from '@kubets/shared/process/launch.ts'
import { ensureCompiled } from './cluster/compiled.ts'
import { ask } from './cluster/health.ts'
import { addUserContext, writeKubeconfigs } from './cluster/kubeconfig.ts'
import { ensureCertificates } from './cluster/pki.ts'
import { checkPorts } from './cluster/ports.ts'
import { readLiveState } from './cluster/state.ts'
import { UserError } from './errors.ts'
import { ensureImages } from './images/build.ts'
import { ensureEngine } from './install/docker-engine.ts'
import { install } from './install/install.ts'
import { Progress } from './progress.ts'
import { which } from './run.ts'
import type { Settings } from './settings.ts'
import { until } from './until.ts'

const say = (line: string): void => void process.stdout.write(`${line}\n`)

/** `kubets up`: from whatever is there to a Ready node. Safe to repeat. */
export async function up(settings: Settings): Promise<void> {
  const running = await readLiveState(settings.stateDir)
  if (running) {
    say(`kubets is already running since ${running.startedAt}. See 'npm run status'; end it with 'npm run down'.`)
    return
  }
  await checkPorts(settings)
  const progress = new Progress(say)
  await prepare(settings, progress)
  await progress.step('certificates', () => ensureCertificates(settings))
  await writeKubeconfigs(settings)
  startSupervisor(settings)
  await progress.step('apiserver', () => untilHealthy(settings, 'apiserver', 60_000))
  await progress.step(`node ${settings.nodeName} Ready`, () => untilNodeReady(settings))
  await progress.step('kube-proxy', () => untilHealthy(settings, 'kube-proxy', 60_000))
  await progress.step('context "kubets" in the kubeconfig', () => addUserContext(settings))
  await farewell(settings, progress)
}

/** The part of `up` that brings what is missing: packages, the Docker engine, base images, compiled code. */
export async function prepare(settings: Settings, progress: Progress): Promise<void> {
  await install(progress, join(settings.stateDir, 'bin'))
  if (process.getuid?.() !== 0) {
    throw new UserError(
      'kubets runs its kubelet and kube-proxy on this machine and needs root for cgroups, mounts and kernel rules: run it as root (sudo npm run up).',
    )
  }
  for (const dir of ['logs', 'run', 'etcd', 'kubelet', 'manifests', 'bin']) {
    await mkdir(join(settings.stateDir, dir), { recursive: true, mode: 0o700 })
  }
  const compiling = ensureCompiled(settings)
  compiling.catch(() => {}) // told below, unless the engine or the images fail before
  await progress.step('Docker engine', () => ensureEngine(settings.stateDir))
  await progress.step('base images', ensureImages)
  await progress.step('compiled code', () => compiling)
}

/** Starts this same command as `supervise`, detached, with the same settings. */
function startSupervisor(settings: Settings): void {
  const log = openSync(join(settings.stateDir, 'logs', 'supervisor.log'), 'w')
  const args = [
    '--disable-warning=ExperimentalWarning',
    join(settings.root, 'deploy', 'src', 'main.ts'),
    'supervise',
    `--state-dir=${settings.stateDir}`,
    `--node-name=${settings.nodeName}`,
    `--node-ip=${settings.nodeIP}`,
    `--secure-port=${String(settings.securePort)}`,
    `--etcd-port=${String(settings.etcdPort)}`,
    `--proxy-mode=${settings.proxyMode}`,
  ]
  const env = { ...process.env, ...nodeEnv(settings.compileCache) }
  spawn(process.execPath, args, { detached: true, stdio: ['ignore', log, log], env }).unref()
}

async function untilHealthy(settings: Settings, name: string, limitMs: number): Promise<void> {
  await until(
    `${name} to be healthy (its log: ${join(settings.stateDir, 'logs', `${name}.log`)})`,
    limitMs,
    async () => {
      const state = await readLiveState(settings.stateDir)
      const program = state?.programs.find((one) => one.name === name)
      if (program === undefined) return undefined
      if (program.restarts > 5) throw new UserError(`${name} does not stay up: ${program.lastError}`)
      return (await ask(settings, program.health)).code === 200 ? true : undefined
    },
  )
}

async function untilNodeReady(settings: Settings): Promise<void> {
  const url = `https://127.0.0.1:${String(settings.securePort)}/api/v1/nodes/${settings.nodeName}`
  await until(`node ${settings.nodeName} to be Ready (see 'npm run status')`, 120_000, async () => {
    const answer = await ask(settings, url)
    if (answer.code !== 200) return undefined
    const node = JSON.parse(answer.body) as { status?: { conditions?: { type: string; status: string }[] } }
    return node.status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True') ? true : undefined
  })
}

async function farewell(settings: Settings, progress: Progress): Promise<void> {
  const kubectl = (await which('kubectl')) === undefined ? join(settings.stateDir, 'bin', 'kubectl') : 'kubectl'
  say(`The cluster is up after ${progress.elapsed()}. Three commands worth trying:`)
  say(`  ${kubectl} get nodes -o wide`)
  say(`  ${kubectl} create deployment web --image=kubets/web:1 --replicas=3 --port=8080`)
  say(`  ${kubectl} expose deployment web --port=80 --target-port=8080 --type=NodePort`)
}
