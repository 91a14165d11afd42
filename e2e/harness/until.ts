import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Asks `probe` until it answers something other than undefined; what it throws counts as "not yet".
 * @throws Error that names what was waited for, and the last trouble, after `limitMs` milliseconds.
 */
export async function until<T>(what: string, probe: () => Promise<T | undefined>, limitMs = 180_000): Promise<T> {
  const end = performance.now() + limitMs
  let trouble = ''
  for (;;) {
    try {
      const answer = await probe()
      if (answer !== undefined) return answer
    } catch (error) {
      trouble = `; last: ${(error as Error).message}`
    }
    if (performance.now() > end) throw new Error(`waited ${String(limitMs / 1000)} s for ${what}${trouble}`)
    await sleep(400)
  }
}
