import { spawn, type ChildProcess } from 'node:child_process'
import { until } from './until.ts'

/** What a finished command left. */
export interface Finished {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command to its end within a minute (or `timeoutMs`); its exit code is the caller's to judge. */
export function run(
  command: string,
  args: readonly string[],
  options: { input?: string; timeoutMs?: number } = {},
): Promise<Finished> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { timeout: options.timeoutMs ?? 60_000, killSignal: 'SIGKILL' })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
    child.stdin.on('error', () => {})
    child.stdin.end(options.input ?? '')
    child.on('error', (error) => resolve({ code: 127, stdout, stderr: error.message }))
    child.on('close', (code) => resolve({ code: code ?? 137, stdout, stderr }))
  })
}

/** The real kubectl against the cluster of $KUBECONFIG; a non-zero exit is an error with its words. */
export async function kubectl(
  args: readonly string[],
  options: { input?: string; timeoutMs?: number } = {},
): Promise<string> {
  const ended = await run('kubectl', args, options)
  if (ended.code !== 0)
    throw new Error(`kubectl ${args.join(' ')} ended with ${String(ended.code)}: ${ended.stderr.trim()}`)
  return ended.stdout
}

/** A command in the background: what it printed so far, and its end. */
export interface Background {
  output(): string
  errors(): string
  readonly child: ChildProcess
  stop(): Promise<void>
}

/** Starts a command that goes on until stopped, such as `kubectl get -w`. */
export function background(command: string, args: readonly string[]): Background {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] })
  let output = ''
  let errors = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  return {
    output: () => output,
    errors: () => errors,
    child,
    stop: async () => {
      child.kill('SIGTERM')
      await ended
    },
  }
}

/** Reads an object as JSON. */
export async function getJson<T>(args: readonly string[]): Promise<T> {
  return JSON.parse(await kubectl(['get', ...args, '-o', 'json'])) as T
}

/** kubectl bound to one namespace. */
export interface Namespace {
  readonly name: string
  kubectl(args: readonly string[], options?: { input?: string; timeoutMs?: number }): Promise<string>
  /** Like kubectl, but a non-zero exit is an answer too. */
  try(args: readonly string[], options?: { input?: string; timeoutMs?: number }): Promise<Finished>
  get<T>(args: readonly string[]): Promise<T>
  /** `kubectl apply -f -` with objects given as JavaScript values. */
  apply(...objects: object[]): Promise<string>
}

let count = 0

/** A new namespace of this test file's own, ready for Pods. */
export async function makeNamespace(prefix: string): Promise<Namespace> {
  const name = `${prefix}-${process.pid.toString(36)}${(count++).toString(36)}`
  await kubectl(['create', 'namespace', name])
  await until(`the default ServiceAccount of ${name}`, async () =>
    (await run('kubectl', ['-n', name, 'get', 'serviceaccount', 'default'])).code === 0 ? true : undefined,
  )
  const scoped = (args: readonly string[]): string[] => ['-n', name, ...args]
  return {
    name,
    kubectl: (args, options) => kubectl(scoped(args), options),
    try: (args, options) => run('kubectl', scoped(args), options),
    get: (args) => getJson(scoped(args)),
    apply: (...objects) =>
      kubectl(scoped(['apply', '-f', '-']), {
        input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }),
      }),
  }
}

/** Removes a namespace and waits until it is gone with all that was in it. */
export async function removeNamespace(namespace: Namespace | undefined): Promise<void> {
  if (namespace) await kubectl(['delete', 'namespace', namespace.name, '--timeout=90s'], { timeoutMs: 100_000 })
}
