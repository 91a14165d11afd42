import { readFileSync } from 'node:fs'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { deepEqual } from '@kubets/shared/machinery/deep.ts'
import { withAllocated, type Allocation } from './resize.ts'

/** Keeps what Pods were granted in a file of each Pod's folder, where it goes with the Pod. */
// pkg/kubelet/allocation/state/state_checkpoint.go
export class Allocations {
  readonly #podDir: (uid: string) => string
  readonly #known = new Map<string, Allocation>()

  constructor(podDir: (uid: string) => string) {
    this.#podDir = podDir
  }

  /** undefined when the Pod was granted nothing yet. */
  get(uid: string): Allocation | undefined {
    const known = this.#known.get(uid)
    if (known) return known
    const kept = this.#read(uid)
    if (kept) this.#known.set(uid, kept)
    return kept
  }

  /** The Pod with what it was granted, which a resize may not have changed yet. */
  granted(pod: Pod): Pod {
    return withAllocated(pod, this.get(pod.metadata.uid ?? ''))
  }

  /** Notes what was granted, or what a container or the Pod as a whole was given. */
  async set(uid: string, change: Partial<Allocation>): Promise<void> {
    const before = this.get(uid)
    const next: Allocation = {
      ...before,
      ...change,
      allocated: change.allocated ?? before?.allocated ?? {},
      actuated: { ...before?.actuated, ...change.actuated },
    }
    if (before && deepEqual(before, next)) return
    this.#known.set(uid, next)
    const folder = this.#podDir(uid)
    await mkdir(folder, { recursive: true, mode: 0o750 })
    const file = path.join(folder, 'allocation.json')
    await writeFile(`${file}.new`, JSON.stringify(next), { mode: 0o600 })
    await rename(`${file}.new`, file)
  }

  /** Forgets a Pod; its file goes with its folder. */
  forget(uid: string): void {
    this.#known.delete(uid)
  }

  // once for each Pod, after a restart: the others have to be counted before the next is judged
  #read(uid: string): Allocation | undefined {
    try {
      return JSON.parse(readFileSync(path.join(this.#podDir(uid), 'allocation.json'), 'utf8')) as Allocation
    } catch {
      // it was never written: the Pod is new, or of a kubelet that granted whatever was wanted
      return undefined
    }
  }
}
