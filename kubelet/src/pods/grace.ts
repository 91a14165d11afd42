import { readFile, mkdir, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'

const file = 'ending.json'

/** When a Pod that ends must have ended, in milliseconds since the epoch. A later, shorter grace counts; a longer does not. */
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
  #endsAt: number | undefined
  #read = false

  constructor(podDir: string) {
    this.#podDir = podDir
  }

  /** The seconds that are left of the grace. Rejects when that cannot be written down; the next call knows it all the same. */
  async left(graceSeconds: number, now: number): Promise<number> {
    const place = path.join(this.#podDir, file)
    const before = this.#read ? this.#endsAt : await readFile(place, 'utf8').then(parse, () => undefined)
    this.#read = true
    const at = (this.#endsAt = endsAt(before, graceSeconds, now))
    if (at !== before) {
      await mkdir(this.#podDir, { recursive: true, mode: 0o750 })
      await writeFile(`${place}.new`, JSON.stringify({ endsAt: at }), { mode: 0o600 })
      await rename(`${place}.new`, place)
    }
    return Math.max(0, (at - now) / 1000)
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
