import { defaultArgs } from '../config/args.ts'
import type { NodeInfo } from '../cache/node-info.ts'
import { maxNodeScore, type Plugin } from '../framework/plugin.ts'
import { amountOf, isScalar } from './allocation-strategies.ts'

/** How evenly resources are used, in hundredths: 100 when all to the same share. */
// pkg/scheduler/framework/plugins/noderesources/balanced_allocation.go balancedResourceScore
function balance(shares: readonly number[]): number {
  // with one resource alone there is nothing to balance
  if (shares.length < 2) return maxNodeScore
  const [a = 0, b = 0] = shares
  if (shares.length === 2) return Math.trunc((1 - Math.abs(a - b) / 2) * maxNodeScore)
  const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length
  const variance = shares.reduce((sum, share) => sum + (share - mean) ** 2, 0) / shares.length
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
    const shares = ({ allocatable, requested }: NodeInfo, withPod: boolean): number[] =>
      names.flatMap((name) => {
        const capacity = amountOf(allocatable, name)
        const used = amountOf(requested, name) + (withPod ? amountOf(requests, name) : 0)
        return capacity === 0 ? [] : Math.min(1, used / capacity)
      })
    return {
      score(node) {
        const change = balance(shares(node, true)) - balance(shares(node, false))
        return maxNodeScore / 2 + Math.trunc((maxNodeScore / 2 + change) / 2)
      },
    }
  },
})
