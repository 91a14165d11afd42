import type { NodeInfo } from '../cache/node-info.ts'

/** Numbers by topology key and value: "zone" → "a" → 3. */
export class TopologyCounts {
  readonly #counts = new Map<string, Map<string, number>>()

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
    let values = this.#counts.get(key)
    if (!values) this.#counts.set(key, (values = new Map()))
    values.set(value, (values.get(value) ?? 0) + amount)
    this.#total += amount
  }

  /** Whether any of the node's topologies has a number above zero. */
  someAt(node: NodeInfo): boolean {
    for (const key of this.#counts.keys()) if (this.of(node, key) > 0) return true
    return false
  }

  /** The number for the node's own topology. */
  of(node: NodeInfo, key: string): number {
    const value = node.labels[key]
    return value === undefined ? 0 : (this.#counts.get(key)?.get(value) ?? 0)
  }

  /** All values seen of a key. */
  values(key: string): ReadonlyMap<string, number> | undefined {
    return this.#counts.get(key)
  }
}
