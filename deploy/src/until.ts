import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Asks `probe` until it answers something other than undefined.
 * @throws Error that names what was waited for once `limitMs` milliseconds are over.
 */
export async function until<T>(what: string, limitMs: number, probe: () => Promise<T | undefined>): Promise<T> {
  const end = performance.now() + limitMs
  for (;;) {
    const answer = await probe()
    if (answer !== undefined) return answer
    if (performance.now() > end) throw new Error(`waited ${String(limitMs / 1000)}s for ${what}`)
    await sleep(50)
  }
}
