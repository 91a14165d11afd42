import { unresolvable, type Plugin } from '../framework/plugin.ts'

// pkg/scheduler/framework/plugins/schedulinggates/scheduling_gates.go
export const schedulingGates: Plugin = {
  name: 'SchedulingGates',
  preEnqueue({ pod }) {
    const gates = pod.spec.schedulingGates ?? []
    if (gates.length === 0) return undefined
    return unresolvable(`waiting for scheduling gates: [${gates.map((gate) => gate.name).join(' ')}]`)
  },
  queueingHint: (_pod, event) => event.kind === 'PodUpdate',
}
