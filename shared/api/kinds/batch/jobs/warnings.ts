import { FieldPath } from '../../../../machinery/fieldpath.ts'
import type { Job } from '../../../types/batch-v1.ts'
import { nameWarnings, templateWarnings } from '../../pod-spec/warnings.ts'

const path = new FieldPath('spec', 'template')

// pkg/registry/batch/job/strategy.go WarningsOnCreate, WarningsOnUpdate
export function warningsOf(obj: Job, old?: Job): string[] {
  if (old && old.metadata.generation === obj.metadata.generation) return []
  const named = old ? [] : nameWarnings(obj.metadata.name, 'Pod names and hostnames')
  return named.concat(templateWarnings(obj.spec.template, path))
}
