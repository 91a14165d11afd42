import { tolerates } from '@kubets/shared/machinery/taints.ts'
import { unresolvable, type Plugin } from '../framework/plugin.ts'

const cordoned = unresolvable('node(s) were unschedulable')
const taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }

// pkg/scheduler/framework/plugins/nodeunschedulable/node_unschedulable.go
export const nodeUnschedulable: Plugin = {
  name: 'NodeUnschedulable',
  preFilter({ pod }) {
    if (pod.spec.tolerations?.some((toleration) => tolerates(toleration, taint))) return undefined
    return (node) => (node.node?.spec.unschedulable ? cordoned : undefined)
  },
  queueingHint: (_pod, event) =>
    (event.kind === 'NodeAdd' && !event.node.spec.unschedulable) ||
    (event.kind === 'NodeUpdate' && event.old.spec.unschedulable === true && !event.node.spec.unschedulable),
}
