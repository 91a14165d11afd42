import { realClock } from '../process/clock.ts'

/** Waits until `check` gives something truthy and returns that; throws after `limitMs`. */
export async function waitFor<T>(check: () => T | Promise<T>, limitMs = 5000): Promise<NonNullable<T>> {
  const deadline = realClock.now() + limitMs
  for (;;) {
    const result = await check()
    if (result) return result
    if (realClock.now() > deadline) throw new Error(`still not so after ${limitMs} ms: ${check.toString()}`)
    await realClock.sleep(5)
  }
}
