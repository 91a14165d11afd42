import { spawn } from 'node:child_process'

/** What a finished command left: exit code (or 128 + signal) and its output as text. */
export interface Finished {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/**
 * Runs a command to its end, with a time limit in milliseconds (2 minutes if none is given).
 * Never rejects for a non-zero exit; a command that cannot be started ends with code 127.
 */
export function run(
  command: string,
  args: readonly string[],
  options: { timeoutMs?: number; env?: NodeJS.ProcessEnv; input?: string } = {},
): Promise<Finished> {
  return new Promise((done) => {
    const child = spawn(command, args, {
      env: options.env ?? process.env,
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: options.timeoutMs ?? 120_000,
      killSignal: 'SIGKILL',
    })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
    child.stdin.on('error', () => {}) // a command that does not read its input closes it: not our concern
    child.stdin.end(options.input ?? '')
    child.on('error', (error) => done({ code: 127, stdout, stderr: error.message }))
    child.on('close', (code) => done({ code: code ?? 137, stdout, stderr }))
  })
}

/** Like {@link run}, but a non-zero exit is an error that names the command and carries its last words. */
export async function must(command: string, args: readonly string[], options: Parameters<typeof run>[2] = {}) {
  const finished = await run(command, args, options)
  if (finished.code !== 0) {
    const words = (finished.stderr.trim() || finished.stdout.trim()).split('\n').slice(-3).join('; ')
    throw new Error(`${command} ${args.slice(0, 3).join(' ')} ended with ${String(finished.code)}: ${words}`)
  }
  return finished.stdout
}

/** The full path of a command, or undefined when no folder of the PATH has it. */
export async function which(command: string): Promise<string | undefined> {
  const found = await run('sh', ['-c', 'command -v "$1"', 'sh', command])
  return found.code === 0 ? found.stdout.trim() : undefined
}
