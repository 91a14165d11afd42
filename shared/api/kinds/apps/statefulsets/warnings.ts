import { FieldPath } from '../../../../machinery/fieldpath.ts'
import type { StatefulSet } from '../../../types/apps-v1.ts'
import { claimWarnings } from '../../core/persistentvolumeclaims/warnings.ts'
import { templateWarnings } from '../../pod-spec/warnings.ts'

const path = new FieldPath('spec')

// pkg/registry/apps/statefulset/strategy.go WarningsOnCreate, WarningsOnUpdate
export function warningsOf(obj: StatefulSet, old?: StatefulSet): string[] {
  const found: string[] = []
  if (!old || old.metadata.generation !== obj.metadata.generation) {
    found.push(...templateWarnings(obj.spec.template, path.child('template')))
    for (const [i, claim] of (obj.spec.volumeClaimTemplates ?? []).entries())
      found.push(...claimWarnings(claim.spec, path.child('volumeClaimTemplates').index(i).child('spec')))
  }
  if (obj.spec.revisionHistoryLimit !== undefined && obj.spec.revisionHistoryLimit < 0)
    found.push(
      'spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended',
    )
  return found
}
