import { spawn } from 'node:child_process'

/**
 * Runs a command that writes where this process writes, until it ends or the signal aborts: then it is told to end, and
 * killed when it does not within ten seconds.
 * @returns its exit code, 127 when it cannot be started
 * @throws what the signal was aborted with
 */
export function inherit(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  signal?: AbortSignal,
): Promise<number> {
  signal?.throwIfAborted()
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env, stdio: ['ignore', 'inherit', 'inherit'] })
    let kill: NodeJS.Timeout | undefined
    const abort = (): void => {
      child.kill('SIGTERM')
      kill = setTimeout(() => child.kill('SIGKILL'), 10_000)
    }
    signal?.addEventListener('abort', abort)
    child.on('error', (error) => {
      process.stderr.write(`${command}: ${error.message}\n`)
      resolve(127)
    })
    child.on('close', (code) => {
      clearTimeout(kill)
      signal?.removeEventListener('abort', abort)
      if (signal?.aborted) reject(signal.reason as Error)
      else resolve(code ?? 137)
    })
  })
}
