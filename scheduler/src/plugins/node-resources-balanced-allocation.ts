import { defaultArgs } from '../config/args.ts'
import type { NodeInfo } from '../cache/node-info.ts'
import { maxNodeScore, type Plugin } from '../framework/plugin.ts'
import { amountOf, isScalar } from './allocation-strategies.ts'

/** How evenly resources are used, in hundredths: 100 when all to the same share. Looks at the first `count` shares. */
// pkg/scheduler/framework/plugins/noderesources/balanced_allocation.go balancedResourceScore
function balance(shares: Float64Array, count: number): number {
  // with one resource alone there is nothing to balance
  if (count < 2) return maxNodeScore
  const [a = 0, b = 0] = [shares[0], shares[1]]
  if (count === 2) return Math.trunc((1 - Math.abs(a - b) / 2) * maxNodeScore)
  let sum = 0
  for (let i = 0; i < count; i++) sum += shares[i] ?? 0
  const mean = sum / count
  let variance = 0
  for (let i = 0; i < count; i++) variance += ((shares[i] ?? 0) - mean) ** 2 / count
  return Math.trunc((1 - Math.sqrt(variance)) * maxNodeScore)
}

/** Prefers nodes that the Pod makes more even, or less uneven. */
// pkg/scheduler/framework/plugins/noderesources/balanced_allocation.go balancedResourceScorer
export const nodeResourcesBalancedAllocation = (args = defaultArgs.NodeResourcesBalancedAllocation): Plugin => ({
  name: 'NodeResourcesBalancedAllocation',
  preScore({ requests }) {
    const names = args.resources
      .map(({ name }) => name)
      .filter((name) => !isScalar(name) || amountOf(requests, name) > 0)
    // a Pod that asks for nothing changes no balance
    if (names.every((name) => amountOf(requests, name) === 0)) return undefined
    const wanted = names.map((name) => amountOf(requests, name))
    // thousands of nodes are looked at, one after another
    const [before, after] = [new Float64Array(names.length), new Float64Array(names.length)]
    return {
      score({ allocatable, requested }: NodeInfo) {
        let count = 0
        for (let i = 0; i < names.length; i++) {
          const name = names[i] ?? ''
          const capacity = amountOf(allocatable, name)
          if (capacity === 0) continue
          const used = amountOf(requested, name)
          before[count] = Math.min(1, used / capacity)
          after[count] = Math.min(1, (used + (wanted[i] ?? 0)) / capacity)
          count++
        }
        const change = balance(after, count) - balance(before, count)
        return maxNodeScore / 2 + Math.trunc((maxNodeScore / 2 + change) / 2)
      },
    }
  },
})
