import type { Node } from '../../../types/core-v1.ts'
import type { Cell, Column } from '../../kind.ts'
import { age, ageColumn, column, nameColumn } from '../../printing.ts'

export const columns: readonly Column[] = [
  nameColumn,
  column('Status', 'The status of the node.'),
  column('Roles', 'The roles of the node.'),
  ageColumn,
  column('Version', 'Version of the node agent.'),
  column('Internal-IP', 'First address inside the cluster.', { wide: true }),
  column('External-IP', 'First address outside the cluster.', { wide: true }),
  column('OS-Image', 'Operating system.', { wide: true }),
  column('Kernel-Version', 'Version of the kernel.', { wide: true }),
  column('Container-Runtime', 'Container runtime and its version.', { wide: true }),
]

// pkg/printers/internalversion/printers.go printNode
export function row(node: Node, now: number): Cell[] {
  const info = node.status?.nodeInfo
  const address = (type: string) => node.status?.addresses?.find((a) => a.type === type)?.address ?? '<none>'
  return [
    node.metadata.name ?? '',
    nodeStatus(node),
    roles(node).join(',') || '<none>',
    age(node, now),
    info?.kubeletVersion ?? '',
    address('InternalIP'),
    address('ExternalIP'),
    info?.osImage || '<unknown>',
    info?.kernelVersion || '<unknown>',
    info?.containerRuntimeVersion || '<unknown>',
  ]
}

function nodeStatus(node: Node): string {
  const ready = node.status?.conditions?.find((condition) => condition.type === 'Ready')
  const status = ready ? (ready.status === 'True' ? 'Ready' : 'NotReady') : 'Unknown'
  return node.spec.unschedulable ? `${status},SchedulingDisabled` : status
}

function roles(node: Node): string[] {
  const prefix = 'node-role.kubernetes.io/'
  const found = new Set<string>()
  for (const [label, value] of Object.entries(node.metadata.labels ?? {})) {
    if (label.startsWith(prefix) && label.length > prefix.length) found.add(label.slice(prefix.length))
    else if (label === 'kubernetes.io/role' && value) found.add(value)
  }
  return [...found].sort()
}
