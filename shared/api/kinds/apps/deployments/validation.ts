import { FieldPath, forbidden, invalid, notSupported, type FieldError } from '../../../../machinery/fieldpath.ts'
import type { Deployment, DeploymentSpec } from '../../../types/apps-v1.ts'
import { checkImmutable, checkNonNegative } from '../../checks.ts'
import {
  amountOf,
  checkAtMostAll,
  checkIntOrPercent,
  checkReplicaCounts,
  checkSelectorAndTemplate,
} from '../workload.ts'

const path = new FieldPath('spec')

// pkg/apis/apps/validation/validation.go ValidateDeploymentSpec
export function validate({ spec }: Deployment): FieldError[] {
  const errors: FieldError[] = []
  checkNonNegative(spec.replicas, path.child('replicas'), errors)
  checkSelectorAndTemplate(spec, 'ReplicaSet', 'deployment', path, errors)
  checkStrategy(spec, path.child('strategy'), errors)
  checkNonNegative(spec.minReadySeconds, path.child('minReadySeconds'), errors)
  checkNonNegative(spec.revisionHistoryLimit, path.child('revisionHistoryLimit'), errors)
  const deadline = spec.progressDeadlineSeconds
  if (deadline !== undefined) {
    checkNonNegative(deadline, path.child('progressDeadlineSeconds'), errors)
    if (deadline <= (spec.minReadySeconds ?? 0))
      errors.push(invalid(path.child('progressDeadlineSeconds'), deadline, 'must be greater than minReadySeconds'))
  }
  return errors
}

// pkg/registry/apps/deployment/strategy.go ValidateUpdate
export function validateUpdate(obj: Deployment, old: Deployment): FieldError[] {
  const errors = validate(obj)
  checkImmutable(obj.spec.selector, old.spec.selector, path.child('selector'), errors)
  return errors
}

export function validateStatusUpdate({ status }: Deployment, old: Deployment): FieldError[] {
  const errors: FieldError[] = []
  const at = new FieldPath('status')
  checkReplicaCounts(status ?? {}, at, errors)
  const count = status?.collisionCount ?? 0
  if (count < (old.status?.collisionCount ?? 0))
    errors.push(invalid(at.child('collisionCount'), count, 'cannot be decremented'))
  return errors
}

// pkg/apis/apps/validation/validation.go ValidateDeploymentStrategy
function checkStrategy({ strategy = {} }: DeploymentSpec, at: FieldPath, errors: FieldError[]): void {
  if (strategy.type === 'Recreate') {
    if (strategy.rollingUpdate)
      errors.push(forbidden(at.child('rollingUpdate'), "may not be specified when strategy `type` is 'Recreate'"))
    return
  }
  if (strategy.type !== 'RollingUpdate') {
    errors.push(notSupported(at, strategy, ['Recreate', 'RollingUpdate']))
    return
  }
  const { maxUnavailable, maxSurge } = strategy.rollingUpdate ?? {}
  const where = at.child('rollingUpdate')
  checkIntOrPercent(maxUnavailable, where.child('maxUnavailable'), errors)
  checkIntOrPercent(maxSurge, where.child('maxSurge'), errors)
  if (amountOf(maxUnavailable) === 0 && amountOf(maxSurge) === 0)
    errors.push(invalid(where.child('maxUnavailable'), maxUnavailable, 'may not be 0 when `maxSurge` is 0'))
  checkAtMostAll(maxUnavailable, where.child('maxUnavailable'), errors)
}
