import { spawn, type ChildProcess } from 'node:child_process'

/** What a finished command left. */
export interface Finished {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command to its end within three minutes (or `timeoutMs`); its exit code is the caller's to judge. */
export function run(
  command: string,
  args: readonly string[],
  options: { input?: string; timeoutMs?: number; env?: NodeJS.ProcessEnv } = {},
): Promise<Finished> {
  return new Promise((resolve) => {
    const { env, timeoutMs: timeout = 180_000 } = options
    const child = spawn(command, args, { timeout, env, killSignal: 'SIGKILL' })
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
