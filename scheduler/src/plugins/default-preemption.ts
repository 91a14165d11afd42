import { histogram } from '../framework/fit-error.ts'
import type { Plugin } from '../framework/plugin.ts'

/**
 * Says what preemption could do for a Pod. It evicts nobody: that is not supported yet, so where upstream would look
 * for victims, none are found.
 */
// pkg/scheduler/framework/preemption/preemption.go Evaluator.Preempt
export const defaultPreemption: Plugin = {
  name: 'DefaultPreemption',
  postFilter({ pod }, rejections) {
    if (pod.spec.preemptionPolicy === 'Never') return 'preemption: not eligible due to preemptionPolicy=Never.'
    if (rejections.size === 0) return ''
    const outcomes = [...rejections.values()].map(({ unresolvable }) => ({
      reasons: [
        unresolvable ? 'Preemption is not helpful for scheduling' : 'No preemption victims found for incoming pod',
      ],
    }))
    return `preemption: 0/${rejections.size} nodes are available: ${histogram(outcomes)}.`
  },
}
