import type { PodIdentity } from '../runtime/types.ts'
import type { PodDeps } from './deps.ts'
import type { PodTrace } from './pleg.ts'

export interface OrphansOptions {
  /** Whether somebody takes care of the Pod. */
  knows(podUid: string): boolean
  /** Takes care that a Pod ends of which the runtime still has something. */
  end(pod: PodIdentity): void
}

/** Finds what is left on the node of Pods that nobody knows any more, and has it removed. */
// pkg/kubelet/kubelet_pods.go HandlePodCleanups, kubelet_volumes.go cleanupOrphanedPodDirs
export class Orphans {
  readonly #deps: PodDeps
  readonly #options: OrphansOptions
  /** Pods that nobody knows, of which something on disk is being removed. */
  readonly #leaving = new Set<string>()

  constructor(deps: PodDeps, options: OrphansOptions) {
    this.#deps = deps
    this.#options = options
  }

  /** Removes it, given what the runtime has. To be called when all Pods there are to run are known. */
  async remove(now: ReadonlyMap<string, PodTrace>): Promise<void> {
    const { knows, end } = this.#options
    for (const [uid, { identity }] of now) if (!knows(uid)) end(identity)
    for (const uid of await this.#deps.volumes.podsOnDisk()) {
      if (knows(uid) || now.has(uid) || this.#leaving.has(uid)) continue
      // in the background: a driver that does not let a volume go holds nobody else up
      this.#leaving.add(uid)
      void this.#removeLeft(uid).finally(() => this.#leaving.delete(uid))
    }
  }

  /** Removes what is on disk of a Pod. Never rejects: the next look tries again. */
  async #removeLeft(uid: string): Promise<void> {
    const { volumes, cgroups, lifetime, log } = this.#deps
    try {
      await cgroups.remove(uid, lifetime)
      await volumes.removePod(uid, lifetime)
    } catch (error) {
      if (lifetime.aborted) return
      const text = error instanceof Error ? error.message : String(error)
      log.warn({ pod: uid, error: text }, 'what is left of a Pod could not be removed, will be tried again')
    }
  }
}
