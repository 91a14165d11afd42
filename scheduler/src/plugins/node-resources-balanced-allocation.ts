import { maxNodeScore, type Plugin } from '../framework/plugin.ts'

/** How evenly CPU and memory are used, in hundredths: 100 when both to the same share. */
// pkg/scheduler/framework/plugins/noderesources/balanced_allocation.go balancedResourceScore
function balance(milliCPU: number, memory: number, capacity: { milliCPU: number; memory: number }): number {
  // with one resource alone there is nothing to balance
  if (capacity.milliCPU === 0 || capacity.memory === 0) return maxNodeScore
  const cpuShare = Math.min(1, milliCPU / capacity.milliCPU)
  const memoryShare = Math.min(1, memory / capacity.memory)
  return Math.trunc((1 - Math.abs(cpuShare - memoryShare) / 2) * maxNodeScore)
}

/** Prefers nodes that the Pod makes more even, or less uneven. */
// pkg/scheduler/framework/plugins/noderesources/balanced_allocation.go balancedResourceScorer
export const nodeResourcesBalancedAllocation: Plugin = {
  name: 'NodeResourcesBalancedAllocation',
  preScore({ requests }) {
    // a Pod that asks for nothing changes no balance
    if (requests.milliCPU === 0 && requests.memory === 0) return undefined
    return {
      score({ allocatable, requested }) {
        const without = balance(requested.milliCPU, requested.memory, allocatable)
        const withPod = balance(requested.milliCPU + requests.milliCPU, requested.memory + requests.memory, allocatable)
        return maxNodeScore / 2 + Math.trunc((maxNodeScore / 2 + withPod - without) / 2)
      },
    }
  },
}
