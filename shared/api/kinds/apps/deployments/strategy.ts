import { clone, deepEqual } from '../../../../machinery/deep.ts'
import type { Deployment } from '../../../types/apps-v1.ts'

// pkg/registry/apps/deployment/strategy.go PrepareForUpdate: annotations count too, as they are handed on to ReplicaSets
export function prepareForUpdate(obj: Deployment, old: Deployment): void {
  if (!deepEqual(obj.metadata.annotations ?? {}, old.metadata.annotations ?? {}))
    obj.metadata.generation = (old.metadata.generation ?? 0) + 1
}

export function prepareForStatusUpdate(obj: Deployment, old: Deployment): void {
  if (old.metadata.labels) obj.metadata.labels = clone(old.metadata.labels)
  else delete obj.metadata.labels
}
