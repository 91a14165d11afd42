import type { Clock } from '@kubets/shared/machinery/clock.ts'
import type { BoundToken, ObjectSource, TokenQuestion } from '../objects.ts'

// pkg/kubelet/token/token_manager.go requiresRefresh
const lifeUsed = 0.8
const maxAgeMs = 24 * 3600 * 1000

interface Kept extends BoundToken {
  askedAt: number
}

/** Tokens of service accounts for Pods, kept until 80 % of their life (or a day) is over. */
export class TokenCache {
  readonly #kept = new Map<string, Kept>()
  readonly #objects: ObjectSource
  readonly #clock: Clock

  constructor(objects: ObjectSource, clock: Clock) {
    this.#objects = objects
    this.#clock = clock
  }

  /** A valid token. While no new one can be had, an old one that is still valid is handed out. */
  async get(question: TokenQuestion, signal: AbortSignal): Promise<BoundToken> {
    const key = JSON.stringify(question)
    const now = this.#clock.now()
    const kept = this.#kept.get(key)
    if (kept && !needsRefresh(kept, now)) return kept
    try {
      const fresh = await this.#objects.token(question, signal)
      this.#kept.set(key, { ...fresh, askedAt: now })
      return fresh
    } catch (error) {
      if (kept && now < kept.expiresAt) return kept
      throw error
    }
  }

  /** Forgets the tokens of a Pod that is gone. */
  forget(podUid: string): void {
    for (const key of this.#kept.keys()) {
      if ((JSON.parse(key) as TokenQuestion).pod.uid === podUid) this.#kept.delete(key)
    }
  }
}

function needsRefresh(kept: Kept, now: number): boolean {
  const life = kept.expiresAt - kept.askedAt
  return now > kept.askedAt + Math.min(life * lifeUsed, maxAgeMs)
}
