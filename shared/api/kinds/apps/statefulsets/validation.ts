import { deepEqual } from '../../../../machinery/deep.ts'
import {
  FieldPath,
  forbidden,
  invalid,
  notSupported,
  required,
  type FieldError,
} from '../../../../machinery/fieldpath.ts'
import { labelSelectorFromObject } from '../../../../machinery/selector.ts'
import type { StatefulSet, StatefulSetSpec } from '../../../types/apps-v1.ts'
import { checkLabelSelector, checkNonNegative } from '../../checks.ts'
import { checkAnnotations, checkLabels } from '../../meta.ts'
import { amountOf, checkAtMostAll, checkIntOrPercent, checkReplicaCounts } from '../workload.ts'

const path = new FieldPath('spec')
const retention = ['Retain', 'Delete']

// pkg/apis/apps/validation/validation.go ValidateStatefulSetSpec
export function validate({ spec }: StatefulSet): FieldError[] {
  const errors: FieldError[] = []
  const { podManagementPolicy: policy, persistentVolumeClaimRetentionPolicy: claims } = spec
  if (policy !== 'OrderedReady' && policy !== 'Parallel')
    errors.push(invalid(path.child('podManagementPolicy'), policy ?? '', "must be 'OrderedReady' or 'Parallel'"))
  checkStrategy(spec, path.child('updateStrategy'), errors)
  for (const field of ['whenDeleted', 'whenScaled'] as const)
    if (claims && !retention.includes(claims[field] ?? ''))
      errors.push(
        notSupported(path.child('persistentVolumeClaimRetentionPolicy', field), claims[field] ?? '', retention),
      )
  checkNonNegative(spec.replicas, path.child('replicas'), errors)
  checkNonNegative(spec.minReadySeconds, path.child('minReadySeconds'), errors)
  checkNonNegative(spec.ordinals?.start, path.child('ordinals.start'), errors)
  checkNonNegative(spec.revisionHistoryLimit, path.child('revisionHistoryLimit'), errors)
  checkSelector(spec, errors)
  // the rest of the template is checked when Pods are made from it: claims add volumes to it
  const at = path.child('template')
  checkLabels(spec.template?.metadata?.labels, at.child('labels'), errors)
  checkAnnotations(spec.template?.metadata?.annotations, at.child('annotations'), errors)
  const { restartPolicy, activeDeadlineSeconds } = spec.template?.spec ?? {}
  if (restartPolicy !== 'Always')
    errors.push(notSupported(at.child('spec', 'restartPolicy'), restartPolicy ?? '', ['Always']))
  if (activeDeadlineSeconds !== undefined)
    errors.push(
      forbidden(at.child('spec', 'activeDeadlineSeconds'), 'activeDeadlineSeconds in StatefulSet is not Supported'),
    )
  return errors
}

function checkSelector({ selector, template }: StatefulSetSpec, errors: FieldError[]): void {
  const at = path.child('selector')
  if (!selector) {
    errors.push(required(at))
    return
  }
  const before = errors.length
  checkLabelSelector(selector, at, errors)
  if (Object.keys(selector.matchLabels ?? {}).length + (selector.matchExpressions ?? []).length === 0)
    errors.push(invalid(at, selector, 'empty selector is invalid for statefulset'))
  else if (errors.length === before && !labelSelectorFromObject(selector).matches(template?.metadata?.labels ?? {})) {
    const where = path.child('template', 'metadata', 'labels')
    errors.push(invalid(where, template?.metadata?.labels ?? null, '`selector` does not match template `labels`'))
  }
}

function checkStrategy({ updateStrategy = {} }: StatefulSetSpec, at: FieldPath, errors: FieldError[]): void {
  const { type, rollingUpdate } = updateStrategy
  const where = at.child('rollingUpdate')
  if (!type) errors.push(required(at))
  else if (type === 'OnDelete') {
    if (rollingUpdate) errors.push(invalid(where, rollingUpdate, "only allowed for updateStrategy 'RollingUpdate'"))
  } else if (type !== 'RollingUpdate') errors.push(invalid(at, updateStrategy, "must be 'RollingUpdate' or 'OnDelete'"))
  else if (rollingUpdate) {
    checkNonNegative(rollingUpdate.partition, where.child('partition'), errors)
    const most = rollingUpdate.maxUnavailable
    if (most === undefined) return
    checkIntOrPercent(most, where.child('maxUnavailable'), errors)
    if (amountOf(most) === 0) errors.push(invalid(where.child('maxUnavailable'), most, 'cannot be 0'))
    checkAtMostAll(most, where.child('maxUnavailable'), errors)
  }
}

const changeable = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
] as const

// pkg/apis/apps/validation/validation.go ValidateStatefulSetUpdate
export function validateUpdate(obj: StatefulSet, old: StatefulSet): FieldError[] {
  const errors = validate(obj)
  const fixed = ({ spec }: StatefulSet) => {
    const rest: Partial<StatefulSetSpec> = { ...spec }
    for (const field of changeable) delete rest[field]
    return rest
  }
  if (!deepEqual(fixed(obj), fixed(old))) {
    const last = changeable.length - 1
    const list = `${changeable
      .slice(0, last)
      .map((field) => `'${field}'`)
      .join(', ')} and '${changeable[last]}'`
    errors.push(forbidden(path, `updates to statefulset spec for fields other than ${list} are forbidden`))
  }
  return errors
}

export function validateStatusUpdate({ status }: StatefulSet): FieldError[] {
  const errors: FieldError[] = []
  checkReplicaCounts(status ?? { replicas: 0 }, new FieldPath('status'), errors)
  return errors
}
