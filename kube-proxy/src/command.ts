import { spawn } from 'node:child_process'

export interface CommandResult {
  readonly stdout: string
}

export interface CommandOptions {
  readonly input?: string
  readonly signal: AbortSignal
  readonly timeoutMs?: number
}

/** What runs a command: `run`, or the same somewhere else. */
export type Run = (command: string, args: readonly string[], options: CommandOptions) => Promise<CommandResult>

const outputLimit = 256 * 1024 * 1024

/** A command that could not be run, did not end in time, or ended with a failure; its message quotes what it said. */
export class CommandError extends Error {
  /** The exit code; undefined when it did not end by itself. */
  readonly code: number | undefined
  constructor(message: string, code: number | undefined) {
    super(message)
    this.code = code
  }
}

/**
 * Runs a program without a shell.
 * @throws CommandError when it fails, is aborted, prints too much, or takes longer than `timeoutMs` (30 s).
 */
export function run(
  command: string,
  args: readonly string[],
  { input, signal, timeoutMs = 30_000 }: CommandOptions,
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
    const child = spawn(command, args, { signal: limit, killSignal: 'SIGKILL', stdio: ['pipe', 'pipe', 'pipe'] })
    const stdout: Buffer[] = []
    let size = 0
    let stderr = ''
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > outputLimit) child.kill('SIGKILL')
      else stdout.push(chunk)
    })
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      if (stderr.length < 4096) stderr += chunk
    })
    child.on('error', (error) => {
      reject(new CommandError(`${command}: ${error.message}`, undefined))
    })
    child.on('close', (code) => {
      if (code === 0) resolve({ stdout: Buffer.concat(stdout).toString('utf8') })
      else reject(new CommandError(`${command} failed (${code ?? 'killed'}): ${stderr.trim()}`, code ?? undefined))
    })
    // a program that ends before it read everything says why on stderr
    child.stdin.on('error', () => undefined)
    child.stdin.end(input ?? '')
  })
}
