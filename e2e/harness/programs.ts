import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run, type Finished } from './kubectl.ts'
import { until } from './until.ts'

/** One program of the cluster as `kubets status` tells it. */
interface ProgramStatus {
  readonly name: string
  readonly pid: number
  readonly state: string
  readonly restarts: number
}

const root = fileURLToPath(new URL('../..', import.meta.url))
const stateDir = process.env.KUBETS_STATE_DIR ?? '/var/lib/kubets'

/** The kubets command on the cluster under test. */
export function kubets(verb: string, ...flags: readonly string[]): Promise<Finished> {
  const args = [join(root, 'deploy', 'kubets'), verb, `--state-dir=${stateDir}`, ...flags]
  return run('sh', args, { timeoutMs: 180_000 })
}

/** `kubets up` of the cluster under test, after its supervisor died. */
export async function up(): Promise<void> {
  const { code, stdout, stderr } = await kubets('up')
  if (code !== 0) throw new Error(`kubets up ended with ${String(code)}: ${stdout}${stderr}`)
}

async function programs(): Promise<ProgramStatus[]> {
  const project = process.env.KUBETS_COMPOSE_PROJECT
  return project === undefined ? hostPrograms() : containers(project)
}

async function hostPrograms(): Promise<ProgramStatus[]> {
  return JSON.parse((await kubets('status', '-o', 'json')).stdout) as ProgramStatus[]
}

interface Container {
  readonly RestartCount: number
  readonly State: { readonly Pid: number; readonly Health?: { readonly Status: string } }
  readonly Config: { readonly Labels: Readonly<Record<string, string>> }
}

/** The programs of a cluster under Docker Compose: the containers that have a health check. */
async function containers(project: string): Promise<ProgramStatus[]> {
  const { stdout } = await run('docker', ['ps', '-aq', '--filter', `label=com.docker.compose.project=${project}`])
  const inspected = await run('docker', ['inspect', ...stdout.trim().split('\n')])
  return (JSON.parse(inspected.stdout) as Container[])
    .filter(({ State }) => State.Health !== undefined)
    .map(({ Config, State, RestartCount }) => ({
      name: Config.Labels['com.docker.compose.service'] ?? '',
      pid: State.Pid,
      state: State.Health?.Status === 'healthy' ? 'running' : 'unhealthy',
      restarts: RestartCount,
    }))
}

/** The pid of a program of the cluster, or of the Docker engine. */
export async function processOf(name: string): Promise<number> {
  if (name === 'dockerd') return Number(await readFile('/var/run/docker.pid', 'utf8'))
  const found = (await programs()).find((one) => one.name === name)
  if (found === undefined || found.pid === 0) throw new Error(`${name} does not run`)
  return found.pid
}

/** kill -9 of one program. */
export async function killProgram(name: string): Promise<void> {
  process.kill(await processOf(name), 'SIGKILL')
}

/** kill -9 of what keeps the programs running; they go on without it. */
export async function killSupervisor(): Promise<void> {
  const state = JSON.parse(await readFile(join(stateDir, 'run', 'state.json'), 'utf8')) as {
    supervisor: { pid: number }
  }
  process.kill(state.supervisor.pid, 'SIGKILL')
}

/** Stops a process in its tracks (SIGSTOP) and answers with what lets it go on. */
export function freeze(pid: number): () => void {
  process.kill(pid, 'SIGSTOP')
  return () => process.kill(pid, 'SIGCONT')
}

/** Waits until all programs run and are healthy. */
export async function allHealthy(): Promise<void> {
  await until('all programs to be healthy', async () =>
    (await programs()).every((one) => one.state === 'running') ? true : undefined,
  )
}
