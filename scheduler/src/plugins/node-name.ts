import { unresolvable, type Plugin } from '../framework/plugin.ts'

const mismatch = unresolvable("node(s) didn't match the requested node name")

// pkg/scheduler/framework/plugins/nodename/node_name.go
export const nodeName: Plugin = {
  name: 'NodeName',
  preFilter({ pod }) {
    const wanted = pod.spec.nodeName
    return wanted ? (node) => (node.name === wanted ? undefined : mismatch) : undefined
  },
  queueingHint: (_pod, event) => event.kind === 'NodeAdd',
}
