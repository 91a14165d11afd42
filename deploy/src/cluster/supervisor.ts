import { spawn, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ask } from './health.ts'
import { isAlive, startTime, type ProcessId } from './processes.ts'
import { programs, type Program } from './programs.ts'
import { RotatingLog } from './rotating-log.ts'
import { readState, writeState, type ProgramState } from './state.ts'
import type { Settings } from '../settings.ts'
import { until } from '../until.ts'

/** A program that keeps dying is started again after 0.5 s, 1 s, 2 s … at most 10 s; a minute of life resets this. */
export function restartDelayMs(quickDeaths: number): number {
  return Math.min(500 * 2 ** quickDeaths, 10_000)
}

/** Longer than any start of the apiserver takes; what waits for it can live without it. */
const apiserverLimitMs = 15_000

/**
 * Does what systemd does elsewhere: starts the programs, starts again those that end, and stops them in reverse order.
 * etcd and the apiserver come first: the others would take the processor from them while they load, and then pause
 * because nothing answers.
 */
export async function supervise(settings: Settings): Promise<void> {
  await endLeftovers(settings.stateDir)
  const stopping = new AbortController()
  const ended = new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve())
  })
  const self = { pid: process.pid, startTime: await startTime(process.pid) }
  const startedAt = new Date().toISOString()
  const kept = programs(settings).map((program) => new Kept(program, settings, () => save()))
  let writing = Promise.resolve()
  const save = (): void => {
    const state = { supervisor: self, startedAt, programs: kept.map((one) => one.state()) }
    writing = writing.then(() => writeState(settings.stateDir, state)).catch(() => {}) // a full disk must not end the cluster
  }
  const answers = apiserverAnswers(settings, stopping.signal)
  const running = kept.map(async (one) => {
    if (!['etcd', 'apiserver'].includes(one.name)) await answers
    await one.run(stopping.signal)
  })
  await ended
  stopping.abort()
  for (const one of kept.toReversed()) await one.stop()
  await Promise.all(running)
  save()
  await writing
}

/** Resolves when the apiserver says anything at all, or when it is time to start the others nevertheless. */
async function apiserverAnswers(settings: Settings, stopping: AbortSignal): Promise<void> {
  const health = programs(settings).find(({ name }) => name === 'apiserver')?.health ?? ''
  const answered = async (): Promise<true | undefined> =>
    stopping.aborted || (await ask(settings, health)).code !== 0 ? true : undefined
  await until('the apiserver', apiserverLimitMs, answered).catch(() => {})
}

/** A supervisor that was killed leaves its programs behind: they are ended first, so that nothing runs twice. */
async function endLeftovers(stateDir: string): Promise<void> {
  const before = await readState(stateDir)
  for (const program of (before?.programs ?? []).toReversed()) await end(program)
}

/** SIGTERM, 15 seconds, SIGKILL. */
export async function end(id: ProcessId): Promise<void> {
  for (const [signal, rounds] of [
    ['SIGTERM', 300],
    ['SIGKILL', 100],
  ] as const) {
    if (!(await isAlive(id))) return
    process.kill(id.pid, signal)
    for (let i = 0; i < rounds && (await isAlive(id)); i++) await sleep(50)
  }
}

/** One program that is kept running. */
class Kept {
  readonly name: string
  readonly #program: Program
  readonly #changed: () => void
  readonly #log: RotatingLog
  #child: ChildProcess | undefined
  #id: ProcessId = { pid: 0, startTime: '' }
  #since = ''
  #starts = 0
  #lastError = ''
  #recent = ''

  constructor(program: Program, settings: Settings, changed: () => void) {
    this.name = program.name
    this.#program = program
    this.#changed = changed
    this.#log = new RotatingLog(join(settings.stateDir, 'logs', `${program.name}.log`))
  }

  state(): ProgramState {
    return {
      name: this.#program.name,
      ...this.#id,
      since: this.#since,
      restarts: Math.max(0, this.#starts - 1),
      lastError: this.#lastError,
      health: this.#program.health,
    }
  }

  async run(signal: AbortSignal): Promise<void> {
    let quickDeaths = 0
    while (!signal.aborted) {
      const began = performance.now()
      const how = await this.#once()
      if (signal.aborted) return
      this.#lastError = `ended with ${how}: ${lastWords(this.#recent)}`
      this.#log.write(`${new Date().toISOString()} supervisor: ${this.#program.name} ${this.#lastError}\n`)
      this.#changed()
      quickDeaths = performance.now() - began > 60_000 ? 0 : quickDeaths + 1
      await sleep(restartDelayMs(quickDeaths - 1), undefined, { signal }).catch(() => {})
    }
  }

  async stop(): Promise<void> {
    if (this.#child) await end(this.#id)
  }

  /** Starts the program and waits for its end; answers with its exit code or signal. */
  async #once(): Promise<string> {
    this.#recent = ''
    const { command, args, env } = this.#program
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } })
    this.#child = child
    const ended = new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(error.message))
      child.once('close', (code, signal) => resolve(signal ?? `exit code ${String(code)}`))
    })
    const keep = (chunk: Buffer): void => {
      this.#log.write(chunk)
      this.#recent = (this.#recent + chunk.toString()).slice(-4096)
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    this.#id = { pid: child.pid ?? 0, startTime: await startTime(child.pid ?? 0) }
    this.#since = new Date().toISOString()
    this.#starts++
    this.#changed()
    const how = await ended
    this.#id = { pid: 0, startTime: '' }
    return how
  }
}

/** The last line of a program's output; of a JSON log line its message and error. */
export function lastWords(output: string): string {
  const line = output.trimEnd().split('\n').at(-1) ?? ''
  try {
    const entry = JSON.parse(line) as { msg?: string; err?: { message?: string } }
    return [entry.msg, entry.err?.message].filter((text) => text !== undefined).join(': ')
  } catch {
    return line.slice(0, 300)
  }
}
