import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from './kubectl.ts'
import { until } from './until.ts'

/** One program of the cluster as `kubets status` tells it. */
interface ProgramStatus {
  readonly name: string
  readonly pid: number
  readonly state: string
  readonly restarts: number
}

const root = fileURLToPath(new URL('../..', import.meta.url))

/** The folder of the cluster under test. */
function stateDir(): string {
  return process.env.KUBETS_STATE_DIR ?? '/var/lib/kubets'
}

async function programs(): Promise<ProgramStatus[]> {
  const { stdout } = await run('sh', [
    join(root, 'deploy', 'kubets'),
    'status',
    `--state-dir=${stateDir()}`,
    '-o',
    'json',
  ])
  return JSON.parse(stdout) as ProgramStatus[]
}

async function program(name: string): Promise<ProgramStatus> {
  const found = (await programs()).find((one) => one.name === name)
  if (found === undefined) throw new Error(`no program ${name} in the cluster`)
  return found
}

/** kill -9 of one program. */
export async function killProgram(name: string): Promise<void> {
  process.kill((await program(name)).pid, 'SIGKILL')
}

/** Stops a program in its tracks (SIGSTOP) and answers with what lets it go on. */
export async function freezeProgram(name: string): Promise<() => void> {
  const { pid } = await program(name)
  process.kill(pid, 'SIGSTOP')
  return () => process.kill(pid, 'SIGCONT')
}

/** Waits until all programs run and are healthy. */
export async function allHealthy(): Promise<void> {
  await until(
    'all programs to be healthy',
    async () => ((await programs()).every((one) => one.state === 'running') ? true : undefined),
    90_000,
  )
}
