import type { Node } from '../../../types/core-v1.ts'

export const selectableFields: Readonly<Record<string, (node: Node) => string>> = {
  'spec.unschedulable': (node) => (node.spec.unschedulable ? 'true' : 'false'),
}
