import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { down } from './down.ts'
import { UserError } from './errors.ts'
import { inherit } from './inherit.ts'
import { fetchClients } from './install/clients.ts'
import { ensureCompose, makeDebianImage } from './install/compose.ts'
import { stopOwnEngine } from './install/docker-engine.ts'
import { fetchKubectls } from './install/kubectls.ts'
import { Progress } from './progress.ts'
import { readLiveState } from './cluster/state.ts'
import { run } from './run.ts'
import type { Settings } from './settings.ts'
import { add, type Counts, counts, fail } from './test-counts.ts'
import { prepare, up } from './up.ts'

/** One run of all stages: its folder, what was counted so far, and whether it is to end. */
interface Run {
  readonly work: string
  readonly total: Counts
  readonly signal: AbortSignal
}

type Check = readonly [name: string, command: string, ...args: string[]]

const checks: readonly Check[] = [
  ['types', 'tsc', '-p', 'tsconfig.json'],
  ['format', 'prettier', '--check', '--log-level=warn', '.'],
  ['lint', 'eslint', '.', '--max-warnings', '0'],
  ['import walls', 'node', 'e2e/checks/walls.ts'],
  ['dead code', 'knip', '--no-progress'],
]

const say = (line: string): void => void process.stdout.write(`${line}\n`)

/** `kubets test`: the static checks, the unit and component tests, then a cluster of its own, the end-to-end suites and the cluster of containers. */
export async function test(settings: Settings): Promise<number> {
  if (await readLiveState('/var/lib/kubets')) {
    throw new UserError(
      "A cluster is running here, and the tests need this machine's kernel rules: end it with 'npm run down' first.",
    )
  }
  const work = await mkdtemp(join(tmpdir(), 'kubets-test-'))
  const stateDir = join(work, 'state')
  const kubeletDir = join(stateDir, 'kubelet')
  const own: Settings = { ...settings, stateDir, kubeletDir, kubeconfig: join(work, 'kubeconfig'), purge: true }
  const progress = new Progress(say)
  const total: Counts = { passed: 0, failed: 0, skipped: 0, failures: [] }
  const interrupted = new AbortController()
  const thisRun: Run = { work, total, signal: interrupted.signal }
  // who is told to end takes the cluster along
  const interrupt = (name: NodeJS.Signals): void => {
    say(`${name}: the tests end, and what they made is removed`)
    interrupted.abort(new UserError('The tests were interrupted.'))
  }
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, interrupt)
  const env = {
    ...process.env,
    KUBETS_STATE_DIR: own.stateDir,
    KUBECONFIG: own.kubeconfig,
    KUBETS_KUBECTLS: join(work, 'kubectls'),
    KUBETS_CLIENTS: join(work, 'clients'),
    PATH: `${join(own.stateDir, 'bin')}:${process.env.PATH ?? ''}`,
  }
  try {
    try {
      await prepare(own, progress)
      const stage = (project: string): Promise<string> =>
        progress.step(`${project} tests`, () => vitest(project, env, thisRun))
      if (settings.long) {
        await progress.step('kubectl in several versions', () => fetchKubectls(env.KUBETS_KUBECTLS))
        const sources = join(settings.root, 'e2e', 'long', 'clients', 'go')
        await progress.step('clients in Go and Python', () => fetchClients(env.KUBETS_CLIENTS, sources))
        await up(own)
        await stage('long')
      } else {
        for (const check of checks) await progress.step(check[0], () => runCheck(check, env, thisRun))
        for (const project of ['unit', 'component']) await stage(project)
        await up(own)
        for (const project of ['e2e', 'faults']) await stage(project)
        const reports = ['e2e', 'faults'].map((project) => join(work, `${project}.json`))
        await progress.step('conformance ledger', () =>
          runCheck(['conformance ledger', 'node', 'e2e/conformance/ledger.ts', ...reports], env, thisRun),
        )
      }
    } finally {
      await down(own).catch((error: unknown) => {
        fail(total, `down: ${error instanceof Error ? error.message : String(error)}`)
      })
    }
    if (!settings.long) await testCompose(settings, progress, thisRun)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
  // once more at the end: what is shown of a long output is its last part
  for (const failure of total.failures) say(`failed: ${failure}`)
  say(`${String(total.passed)} passed, ${String(total.failed)} failed, ${String(total.skipped)} skipped`)
  return total.failed === 0 && total.passed > 0 ? 0 : 1
}

/** The cluster of containers comes last and alone: it needs the ports and kernel rules that the other one had. */
async function testCompose(settings: Settings, progress: Progress, thisRun: Run): Promise<void> {
  const { work, signal } = thisRun
  signal.throwIfAborted()
  const own: Settings = { ...settings, stateDir: join(work, 'compose') }
  const base = 'kubets-test/debian:trixie'
  const composeDir = join(work, 'compose-cluster')
  try {
    await prepare(own, progress)
    const tools = await progress.step('docker compose', () => ensureCompose(join(work, 'docker')))
    await progress.step('Debian as an image', () => makeDebianImage(base))
    const env = {
      ...process.env,
      ...tools,
      PATH: `${join(own.stateDir, 'bin')}:${process.env.PATH ?? ''}`,
      KUBETS_BASE_IMAGE: base,
      KUBETS_COMPOSE_DIR: composeDir,
    }
    try {
      await progress.step('compose tests', () => vitest('compose', env, thisRun))
    } finally {
      // tests that were interrupted could not do this themselves
      if (existsSync(composeDir)) await inherit('node', ['e2e/compose/dispose.ts'], env)
    }
  } finally {
    await run('docker', ['image', 'rm', base])
    await stopOwnEngine(own.stateDir)
  }
}

/** Runs one static check and counts it as one case. */
async function runCheck(
  [name, command, ...args]: Check,
  env: NodeJS.ProcessEnv,
  { total, signal }: Run,
): Promise<string> {
  const code = await inherit(command, args, env, signal)
  if (code === 0) total.passed++
  else fail(total, `${name}: exit code ${String(code)}`)
  return code === 0 ? 'ok' : `exit code ${String(code)}`
}

/** Runs one vitest project and adds what it counted. */
async function vitest(project: string, env: NodeJS.ProcessEnv, { work, total, signal }: Run): Promise<string> {
  const report = join(work, `${project}.json`)
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const code = await inherit('vitest', ['run', '--project', project, ...reporters], env, signal)
  const text = await readFile(report, 'utf8').catch(() => undefined)
  const counted = counts(project, text, code)
  add(total, counted)
  return `${String(counted.passed)} passed, ${String(counted.failed)} failed`
}
