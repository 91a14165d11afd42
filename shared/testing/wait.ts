import { realClock } from '../process/clock.ts'

// for a busy machine, within what a hook may take; a test that fails may take it, one that passes does not
const limitMs = 150_000
/** The limit of cases that wait more than once: a wait that takes too long is told with what it waited for. */
export const caseMs = 2 * limitMs

/** Waits until `check` gives something truthy and returns that; throws after two and a half minutes. */
export async function waitFor<T>(check: () => T | Promise<T>, what = check.toString()): Promise<NonNullable<T>> {
  const deadline = realClock.now() + limitMs
  for (;;) {
    const result = await check()
    if (result) return result
    if (realClock.now() > deadline) throw new Error(`still not so after ${limitMs / 1000} s: ${what}`)
    await realClock.sleep(5)
  }
}
