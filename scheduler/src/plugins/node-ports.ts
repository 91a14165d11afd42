import { portsConflict } from '@kubets/shared/api/host-ports.ts'
import { rejected, type Plugin } from '../framework/plugin.ts'

const taken = rejected("node(s) didn't have free ports for the requested pod ports")

// pkg/scheduler/framework/plugins/nodeports/node_ports.go
export const nodePorts: Plugin = {
  name: 'NodePorts',
  preFilter({ hostPorts }) {
    if (hostPorts.length === 0) return undefined
    return (node) => {
      for (const used of node.usedPorts.values()) {
        if (used.some((theirs) => hostPorts.some((ours) => portsConflict(ours, theirs)))) return taken
      }
      return undefined
    }
  },
  queueingHint(pod, event) {
    if (event.kind === 'NodeAdd') return true
    if (event.kind !== 'AssignedPodDelete') return false
    return event.pod.hostPorts.some((theirs) => pod.hostPorts.some((ours) => portsConflict(ours, theirs)))
  },
}
