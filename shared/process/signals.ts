import { setMaxListeners } from 'node:events'

// Time for a program to end in order after the first signal.
const exitLimitMs = 10_000

/**
 * Runs a program's main function with a signal that aborts at SIGTERM or SIGINT, then ends the process: 0 when it
 * returned, 1 with one line on stderr when it threw. A second signal, or ten seconds, end it at once.
 */
export async function runMain(program: string, main: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const controller = new AbortController()
  // everything in the program listens to this one
  setMaxListeners(0, controller.signal)
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(1)
    controller.abort(new DOMException(`${program} is stopping`, 'AbortError'))
    setTimeout(() => process.exit(1), exitLimitMs).unref()
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  const fail = (error: unknown): void => {
    process.stderr.write(`${program}: ${describeError(error)}\n`)
    process.exit(1)
  }
  process.on('unhandledRejection', fail)
  process.on('uncaughtException', fail)
  try {
    await main(controller.signal)
  } catch (error) {
    if (!controller.signal.aborted) fail(error)
  }
  process.exit(0)
}

/** The error in one line: its message, or where it came from when it is a fault of the program. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const isFault = error instanceof TypeError || error instanceof ReferenceError || error instanceof RangeError
  return (isFault ? (error.stack ?? error.message) : error.message).replaceAll(/\s*\n\s*/g, ' | ')
}
