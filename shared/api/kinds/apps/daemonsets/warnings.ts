import { FieldPath } from '../../../../machinery/fieldpath.ts'
import type { DaemonSet } from '../../../types/apps-v1.ts'
import { templateWarnings } from '../../pod-spec/warnings.ts'

const path = new FieldPath('spec', 'template')

// pkg/registry/apps/daemonset/strategy.go WarningsOnCreate, WarningsOnUpdate
export function warningsOf(obj: DaemonSet, old?: DaemonSet): string[] {
  if (old && old.metadata.generation === obj.metadata.generation) return []
  return templateWarnings(obj.spec.template, path)
}
