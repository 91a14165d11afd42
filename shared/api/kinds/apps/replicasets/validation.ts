import { FieldPath, type FieldError } from '../../../../machinery/fieldpath.ts'
import type { ReplicaSet } from '../../../types/apps-v1.ts'
import { checkImmutable, checkNonNegative } from '../../checks.ts'
import { checkReplicaCounts, checkSelectorAndTemplate } from '../workload.ts'

const path = new FieldPath('spec')

// pkg/apis/apps/validation/validation.go ValidateReplicaSetSpec
export function validate({ spec }: ReplicaSet): FieldError[] {
  const errors: FieldError[] = []
  checkNonNegative(spec.replicas, path.child('replicas'), errors)
  checkNonNegative(spec.minReadySeconds, path.child('minReadySeconds'), errors)
  const { selector, template = { spec: { containers: [] } } } = spec
  checkSelectorAndTemplate({ selector, template }, 'ReplicaSet', 'deployment', path, errors)
  return errors
}

// pkg/registry/apps/replicaset/strategy.go ValidateUpdate
export function validateUpdate(obj: ReplicaSet, old: ReplicaSet): FieldError[] {
  const errors = validate(obj)
  checkImmutable(obj.spec.selector, old.spec.selector, path.child('selector'), errors)
  return errors
}

export function validateStatusUpdate({ status }: ReplicaSet): FieldError[] {
  const errors: FieldError[] = []
  checkReplicaCounts(status ?? { replicas: 0 }, new FieldPath('status'), errors)
  return errors
}
