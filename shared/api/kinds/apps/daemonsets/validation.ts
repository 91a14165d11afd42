import { FieldPath, invalid, notSupported, required, type FieldError } from '../../../../machinery/fieldpath.ts'
import type { DaemonSet, DaemonSetSpec } from '../../../types/apps-v1.ts'
import { checkImmutable, checkNonNegative } from '../../checks.ts'
import { amountOf, checkAtMostAll, checkCounts, checkIntOrPercent, checkSelectorAndTemplate } from '../workload.ts'

const path = new FieldPath('spec')

// pkg/apis/apps/validation/validation.go ValidateDaemonSetSpec
export function validate({ spec }: DaemonSet): FieldError[] {
  const errors: FieldError[] = []
  checkSelectorAndTemplate(spec, 'DaemonSet', 'daemonset', path, errors)
  checkNonNegative(spec.minReadySeconds, path.child('minReadySeconds'), errors)
  checkStrategy(spec, path.child('updateStrategy'), errors)
  checkNonNegative(spec.revisionHistoryLimit, path.child('revisionHistoryLimit'), errors)
  return errors
}

export function validateUpdate(obj: DaemonSet, old: DaemonSet): FieldError[] {
  const errors = validate(obj)
  checkImmutable(obj.spec.selector, old.spec.selector, path.child('selector'), errors)
  return errors
}

export function validateStatusUpdate({ status }: DaemonSet): FieldError[] {
  const errors: FieldError[] = []
  checkCounts(status ?? {}, new FieldPath('status'), errors)
  return errors
}

// pkg/apis/apps/validation/validation.go ValidateDaemonSetUpdateStrategy
function checkStrategy({ updateStrategy = {} }: DaemonSetSpec, at: FieldPath, errors: FieldError[]): void {
  if (updateStrategy.type === 'OnDelete') return
  if (updateStrategy.type !== 'RollingUpdate') {
    errors.push(notSupported(at, updateStrategy, ['RollingUpdate', 'OnDelete']))
    return
  }
  const { maxUnavailable, maxSurge } = updateStrategy.rollingUpdate ?? {}
  const where = at.child('rollingUpdate')
  for (const check of [checkIntOrPercent, checkAtMostAll]) {
    check(maxUnavailable, where.child('maxUnavailable'), errors)
    check(maxSurge, where.child('maxSurge'), errors)
  }
  const surges = amountOf(maxSurge) !== 0
  if (surges && amountOf(maxUnavailable) !== 0)
    errors.push(invalid(where.child('maxSurge'), maxSurge, 'may not be set when maxUnavailable is non-zero'))
  else if (!surges && amountOf(maxUnavailable) === 0)
    errors.push(required(where.child('maxUnavailable'), 'cannot be 0 when maxSurge is 0'))
}
