import { FieldPath, required, type FieldError } from '../../../../machinery/fieldpath.ts'
import type { ReplicationController } from '../../../types/core-v1.ts'
import { checkReplicaCounts, checkSelectorAndTemplate } from '../../apps/workload.ts'
import { checkNonNegative } from '../../checks.ts'

const path = new FieldPath('spec')

// pkg/apis/core/validation/validation.go ValidateReplicationControllerSpec
export function validate({ spec }: ReplicationController): FieldError[] {
  const errors: FieldError[] = []
  checkNonNegative(spec.minReadySeconds, path.child('minReadySeconds'), errors)
  checkNonNegative(spec.replicas, path.child('replicas'), errors)
  if (Object.keys(spec.selector ?? {}).length === 0) errors.push(required(path.child('selector')))
  if (!spec.template) errors.push(required(path.child('template')))
  else if (spec.selector && Object.keys(spec.selector).length > 0) {
    const selector = { matchLabels: spec.selector }
    checkSelectorAndTemplate(
      { selector, template: spec.template },
      'ReplicationController',
      'replicationcontroller',
      path,
      errors,
    )
  }
  return errors
}

export function validateStatusUpdate({ status }: ReplicationController): FieldError[] {
  const errors: FieldError[] = []
  checkReplicaCounts(status ?? { replicas: 0 }, new FieldPath('status'), errors)
  return errors
}
