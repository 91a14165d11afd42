import { FieldPath } from '../../../../machinery/fieldpath.ts'
import type { PodTemplate } from '../../../types/core-v1.ts'
import { templateWarnings } from '../../pod-spec/warnings.ts'

// pkg/registry/core/podtemplate/strategy.go WarningsOnCreate, WarningsOnUpdate
export function warningsOf(obj: PodTemplate, old?: PodTemplate): string[] {
  if (old && old.metadata.generation === obj.metadata.generation) return []
  return templateWarnings(obj.template, new FieldPath('template'))
}
