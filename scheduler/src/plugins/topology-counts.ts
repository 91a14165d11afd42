import type { NodeInfo } from '../cache/node-info.ts'
import type { TopologyTally } from '../cache/pod-groups.ts'

interface Counts {
  /** Somebody else's numbers, which stay theirs: most often they are all there is, and many. */
  readonly shared: ReadonlyMap<string, number>
  /** What is to be added to them. */
  readonly own: Map<string, number>
}

const none: ReadonlyMap<string, number> = new Map()

/** Numbers by topology key and value: "zone" → "a" → 3. */
export class TopologyCounts {
  readonly #counts = new Map<string, Counts>()

  #total = 0

  /** Whether nothing was ever added. */
  get empty(): boolean {
    return this.#counts.size === 0
  }

  /** The sum of all numbers. */
  get total(): number {
    return this.#total
  }

  /** Adds to the topology that the node lies in; a node without the label lies in none. */
  add(node: NodeInfo, key: string, amount: number): void {
    const value = node.labels[key]
    if (value === undefined) return
    this.#addTo(this.#ofKey(key, none).own, value, amount)
  }

  /** Adds what was counted elsewhere, each number so many times. */
  addAll(key: string, { counts, total }: TopologyTally, weight = 1): void {
    if (counts.size === 0) return
    if (weight === 1 && !this.#counts.has(key)) {
      this.#ofKey(key, counts)
      this.#total += total
      return
    }
    const { own } = this.#ofKey(key, none)
    for (const [value, count] of counts) this.#addTo(own, value, count * weight)
  }

  /** Whether any of the node's topologies has a number above zero. */
  someAt(node: NodeInfo): boolean {
    for (const key of this.#counts.keys()) if (this.of(node, key) > 0) return true
    return false
  }

  /** The topologies of the key whose number is above zero. */
  someIn(key: string): string[] {
    const counts = this.#counts.get(key)
    if (!counts) return []
    return [...new Set([...counts.shared.keys(), ...counts.own.keys()])].filter((value) => this.at(key, value) > 0)
  }

  /** The number for the node's own topology. */
  of(node: NodeInfo, key: string): number {
    const value = node.labels[key]
    return value === undefined ? 0 : this.at(key, value)
  }

  /** The number for a topology. */
  at(key: string, value: string): number {
    const counts = this.#counts.get(key)
    if (!counts) return 0
    const shared = counts.shared.get(value) ?? 0
    return counts.own.size === 0 ? shared : shared + (counts.own.get(value) ?? 0)
  }

  #ofKey(key: string, shared: ReadonlyMap<string, number>): Counts {
    let counts = this.#counts.get(key)
    if (!counts) this.#counts.set(key, (counts = { shared, own: new Map() }))
    return counts
  }

  #addTo(own: Map<string, number>, value: string, amount: number): void {
    own.set(value, (own.get(value) ?? 0) + amount)
    this.#total += amount
  }
}
