import { deepEqual } from '../../../../machinery/deep.ts'
import type { DaemonSet } from '../../../types/apps-v1.ts'

// pkg/apis/apps/v1/conversion.go: a field of older versions lives on in this annotation
const templateGeneration = 'deprecated.daemonset.template.generation'

// pkg/registry/apps/daemonset/strategy.go PrepareForCreate
export function prepareForCreate(obj: DaemonSet): void {
  obj.metadata.annotations = { ...obj.metadata.annotations, [templateGeneration]: '1' }
}

export function prepareForUpdate(obj: DaemonSet, old: DaemonSet): void {
  const before = Number(old.metadata.annotations?.[templateGeneration] ?? 0)
  const now = deepEqual(obj.spec.template, old.spec.template) ? before : before + 1
  obj.metadata.annotations = { ...obj.metadata.annotations, [templateGeneration]: `${now}` }
}
