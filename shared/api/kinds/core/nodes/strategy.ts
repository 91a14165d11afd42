import type { Node } from '../../../types/core-v1.ts'

// pkg/registry/core/node/strategy.go dropDisabledFields: nothing reads a node's configSource any more
export function prepareForCreate(node: Node): void {
  delete node.spec.configSource
}

export function prepareForUpdate(node: Node, old: Node): void {
  if (!old.spec.configSource) delete node.spec.configSource
}
