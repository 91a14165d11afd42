import { FieldPath } from '../../../../machinery/fieldpath.ts'
import type { Deployment } from '../../../types/apps-v1.ts'
import { nameWarnings, templateWarnings } from '../../pod-spec/warnings.ts'

const path = new FieldPath('spec', 'template')

// pkg/registry/apps/deployment/strategy.go WarningsOnCreate, WarningsOnUpdate
export function warningsOf(obj: Deployment, old?: Deployment): string[] {
  if (old && old.metadata.generation === obj.metadata.generation) return []
  const named = old ? [] : nameWarnings(obj.metadata.name, 'Pod names and hostnames')
  return named.concat(templateWarnings(obj.spec.template, path))
}
