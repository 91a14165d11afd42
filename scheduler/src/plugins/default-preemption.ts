import { unresolvable, type Plugin } from '../framework/plugin.ts'
import { preempt, preemptWith, type PreemptionOptions } from '../preemption/preempt.ts'

interface DefaultPreemptionOptions extends Omit<PreemptionOptions, 'budgets' | 'now'> {
  readonly budgets: () => PreemptionOptions['budgets']
  readonly now: () => number
  /** Whether Pods are still being made to go for the Pod of this uid. */
  readonly isEvicting: (uid: string) => boolean
}

/** Finds less important Pods that can go for one that fits nowhere. */
// pkg/scheduler/framework/plugins/defaultpreemption/default_preemption.go
export function defaultPreemption(options: DefaultPreemptionOptions): Plugin {
  const { budgets, now, isEvicting } = options
  const current = (): PreemptionOptions => ({ ...options, budgets: budgets(), now: now() })
  const busy = unresolvable('waiting for the preemption for this pod to be finished')
  return {
    name: 'DefaultPreemption',
    preEnqueue: ({ uid }) => (isEvicting(uid) ? busy : undefined),
    postFilter: (pod, attempt) => preempt(pod, attempt, current()),
    postFilterWith: (pod, attempt, extenders, signal) => preemptWith(pod, attempt, current(), extenders, signal),
    // whoever turned the Pod away knows when it may pass
    queueingHint: () => false,
  }
}
