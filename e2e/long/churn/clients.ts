import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Change, Term } from './history.ts'

/** A line that a client tells. */
export interface Line extends Change {
  readonly kind: 'wrote' | 'saw' | 'informed' | 'ready' | 'again' | 'leads' | 'rests' | 'stopped' | 'used' | 'failed'
  readonly who: string
  /** Seconds since the client began. */
  readonly at: number
  readonly text?: string
}

/** A client at work. */
export interface Client {
  readonly lines: readonly Line[]
  /** Lets it finish what it began and end; its exit code and what it complained of. */
  stop(): Promise<{ code: number; errors: string }>
}

const brought = process.env.KUBETS_CLIENTS ?? ''
const script = fileURLToPath(new URL('../clients/python/churn.py', import.meta.url))

/** Starts the Go or the Python client in a mode of its own against the API servers of these kubeconfigs. */
export function startClient(language: 'go' | 'python', args: readonly string[]): Client {
  if (brought === '') throw new Error('KUBETS_CLIENTS names no folder: `npm run test:long` makes it')
  const env = { ...process.env, PYTHONPATH: join(brought, 'python') }
  const child: ChildProcess =
    language === 'go'
      ? spawn(join(brought, 'churn'), args, { stdio: ['pipe', 'pipe', 'pipe'] })
      : spawn('python3', [script, ...args], { stdio: ['pipe', 'pipe', 'pipe'], env })
  const lines: Line[] = []
  let errors = ''
  if (child.stdout) createInterface(child.stdout).on('line', (text) => lines.push(JSON.parse(text) as Line))
  child.stderr?.on('data', (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-10_000)))
  const ended = new Promise<number>((resolve) => {
    child.once('error', (error) => {
      errors += error.message
      resolve(127)
    })
    child.once('close', (code) => resolve(code ?? 137))
  })
  return {
    lines,
    stop: async () => {
      child.stdin?.end()
      void sleep(60_000, undefined, { ref: false }).then(() => child.kill('SIGKILL'))
      const code = await ended
      return { code, errors }
    },
  }
}

/** Who led from when to when: a term ends where its candidate rests, or is told that it is over. */
export function termsOf(lines: readonly Line[]): Term[] {
  const terms: Term[] = []
  const open = new Map<string, number>()
  for (const { kind, who, at } of lines) {
    if (kind === 'leads') open.set(who, at)
    const from = open.get(who)
    if ((kind === 'rests' || kind === 'stopped') && from !== undefined) {
      terms.push({ who, from, to: at })
      open.delete(who)
    }
  }
  for (const [who, from] of open) terms.push({ who, from, to: Infinity })
  return terms
}
