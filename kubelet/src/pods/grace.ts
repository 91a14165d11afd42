import { readFile, mkdir, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Clock } from '@kubets/shared/machinery/clock.ts'

const file = 'ending.json'

/** When a Pod that ends must have ended, in the time that `now` is of. A later, shorter grace counts; a longer does not. */
// pkg/kubelet/pod_workers.go calculateEffectiveGracePeriod: it can only decrease
export function endsAt(before: number | undefined, graceSeconds: number, now: number): number {
  return Math.min(before ?? Infinity, now + graceSeconds * 1000)
}

/**
 * Keeps in the folder of a Pod when it must have ended: its grace counts once, for all that ends one after another and
 * over restarts of the kubelet.
 */
export class GraceKeeper {
  readonly #podDir: string
  /** In elapsed time: the clock may be set while the Pod ends. */
  #endsAt: number | undefined
  #read = false

  constructor(podDir: string) {
    this.#podDir = podDir
  }

  /** The seconds that are left of the grace. Rejects when that cannot be written down; the next call knows it all the same. */
  async left(graceSeconds: number, clock: Pick<Clock, 'now' | 'elapsed'>): Promise<number> {
    const place = path.join(this.#podDir, file)
    const written = this.#read ? undefined : await readFile(place, 'utf8').then(parse, () => undefined)
    const [now, elapsed] = [clock.now(), clock.elapsed()]
    const before = written === undefined ? this.#endsAt : written - now + elapsed
    this.#read = true
    const at = (this.#endsAt = endsAt(before, graceSeconds, elapsed))
    if (at !== before) {
      await mkdir(this.#podDir, { recursive: true, mode: 0o750 })
      await writeFile(`${place}.new`, JSON.stringify({ endsAt: at - elapsed + now }), { mode: 0o600 })
      await rename(`${place}.new`, place)
    }
    return Math.max(0, (at - elapsed) / 1000)
  }
}

function parse(text: string): number | undefined {
  try {
    const { endsAt: at } = JSON.parse(text) as { endsAt?: unknown }
    return typeof at === 'number' ? at : undefined
  } catch {
    // of a kubelet that died while it wrote: nothing was told to end yet
    return undefined
  }
}
