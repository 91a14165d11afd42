import { ProblemLog } from './storage/problem-log.ts'
import type { Deps } from './http/context.ts'

const retryMilliseconds = 200

/**
 * Runs a step until it has worked, and then again every `interval` milliseconds, until the server stops. Never rejects:
 * what fails is tried again soon, and logged as "cannot <what>".
 */
export async function keep(
  what: string,
  interval: number,
  step: () => Promise<void>,
  { clock, log, stopping }: Pick<Deps, 'clock' | 'log' | 'stopping'>,
): Promise<void> {
  const problems = new ProblemLog(log, what)
  while (!stopping.aborted) {
    let pause = interval
    try {
      await step()
      problems.succeeded()
    } catch (error) {
      pause = retryMilliseconds
      if (!stopping.aborted) problems.failed(error)
    }
    await clock.sleep(pause, stopping).catch(() => undefined)
  }
}
