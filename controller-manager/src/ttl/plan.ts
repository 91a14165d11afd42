import type { Node } from '@kubets/shared/api/types/core-v1.ts'

/** How long kubelets may keep Secrets and ConfigMaps before they ask again, in seconds. */
export const annotation = 'node.alpha.kubernetes.io/ttl'

// pkg/controller/ttl/ttl_controller.go ttlBoundaries: they overlap, so that a node more or less does not change all others
const boundaries: readonly { min: number; max: number; seconds: number }[] = [
  { min: 0, max: 100, seconds: 0 },
  { min: 90, max: 500, seconds: 15 },
  { min: 450, max: 1000, seconds: 30 },
  { min: 900, max: 2000, seconds: 60 },
  { min: 1800, max: Infinity, seconds: 300 },
]

/** The step that a cluster of this many nodes is on, which was on `step` before. */
// pkg/controller/ttl/ttl_controller.go addNode, deleteNode
export const nextStep = (step: number, nodes: number): number => {
  let next = step
  while (nodes > (boundaries[next]?.max ?? Infinity)) next++
  while (nodes < (boundaries[next]?.min ?? 0)) next--
  return next
}

/** What the annotation of every node is to say on this step. */
export const ttlOf = (step: number): string => String(boundaries[step]?.seconds ?? 0)

/** Tells whether the node says something else, or nothing that is a number. */
// pkg/controller/ttl/ttl_controller.go updateNodeIfNeeded, getIntFromAnnotation
export const differs = ({ metadata }: Node, ttl: string): boolean => {
  const said = metadata.annotations?.[annotation] ?? ''
  return !/^[+-]?\d+$/.test(said) || Number(said) !== Number(ttl)
}
