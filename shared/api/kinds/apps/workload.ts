import {
  forbidden,
  invalid,
  notSupported,
  required,
  type FieldError,
  type FieldPath,
} from '../../../machinery/fieldpath.ts'
import type { LabelSelector } from '../../../machinery/meta-v1.gen.ts'
import { isPercent } from '../../../machinery/names.ts'
import { labelSelectorFromObject } from '../../../machinery/selector.ts'
import type { PodTemplateSpec } from '../../types/core-v1.ts'
import { checkLabelSelector, checkNonNegative } from '../checks.ts'
import { checkTemplate } from '../pod-spec/spec.ts'

interface WorkloadSpec {
  selector?: LabelSelector
  template: PodTemplateSpec
}

/**
 * Adds what is wrong with selector and template, which all workloads have. `kindWord` is the kind as upstream's
 * texts have it, `emptyWord` the one they have for empty selectors.
 */
// pkg/apis/apps/validation/validation.go ValidatePodTemplateSpecForReplicaSet
export function checkSelectorAndTemplate(
  { selector, template }: WorkloadSpec,
  kindWord: string,
  emptyWord: string,
  path: FieldPath,
  errors: FieldError[],
): void {
  const at = path.child('template')
  if (!selector) errors.push(required(path.child('selector')))
  else {
    const before = errors.length
    checkLabelSelector(selector, path.child('selector'), errors)
    if (Object.keys(selector.matchLabels ?? {}).length + (selector.matchExpressions ?? []).length === 0)
      errors.push(invalid(path.child('selector'), selector, `empty selector is invalid for ${emptyWord}`))
    else if (errors.length > before) errors.push(invalid(path.child('selector'), selector, 'invalid label selector'))
    else if (!labelSelectorFromObject(selector).matches(template?.metadata?.labels ?? {}))
      errors.push(
        invalid(
          at.child('metadata', 'labels'),
          template?.metadata?.labels ?? null,
          '`selector` does not match template `labels`',
        ),
      )
  }
  checkTemplate(template ?? { spec: { containers: [] } }, at, errors)
  const { restartPolicy, activeDeadlineSeconds } = template?.spec ?? {}
  if (restartPolicy !== 'Always')
    errors.push(notSupported(at.child('spec', 'restartPolicy'), restartPolicy ?? '', ['Always']))
  if (activeDeadlineSeconds !== undefined)
    errors.push(
      forbidden(at.child('spec', 'activeDeadlineSeconds'), `activeDeadlineSeconds in ${kindWord} is not Supported`),
    )
}

// pkg/apis/apps/validation/validation.go ValidatePositiveIntOrPercent
export function checkIntOrPercent(value: number | string | undefined, path: FieldPath, errors: FieldError[]): void {
  if (typeof value === 'number') checkNonNegative(value, path, errors)
  else if (value !== undefined) for (const text of isPercent(value)) errors.push(invalid(path, value, text))
}

// pkg/apis/apps/validation/validation.go IsNotMoreThan100Percent
export function checkAtMostAll(value: number | string | undefined, path: FieldPath, errors: FieldError[]): void {
  if (typeof value === 'string' && isPercent(value).length === 0 && amountOf(value) > 100)
    errors.push(invalid(path, value, 'must not be greater than 100%'))
}

/** The number in `3` or `25%`. */
export function amountOf(value: number | string | undefined): number {
  return typeof value === 'string' ? Number.parseInt(value, 10) || 0 : (value ?? 0)
}

/** Adds a complaint for each count of a status that is negative. */
export function checkCounts<T extends object>(status: T, path: FieldPath, errors: FieldError[]): void {
  for (const [field, value] of Object.entries(status))
    if (typeof value === 'number') checkNonNegative(value, path.child(field), errors)
}

interface ReplicaCounts {
  replicas?: number
  fullyLabeledReplicas?: number
  updatedReplicas?: number
  currentReplicas?: number
  readyReplicas?: number
  availableReplicas?: number
}

// pkg/apis/apps/validation/validation.go ValidateReplicaSetStatus and its siblings
export function checkReplicaCounts(status: ReplicaCounts, path: FieldPath, errors: FieldError[]): void {
  checkCounts(status, path, errors)
  const fields = [
    'fullyLabeledReplicas',
    'updatedReplicas',
    'currentReplicas',
    'readyReplicas',
    'availableReplicas',
  ] as const
  for (const field of fields) {
    const count = status[field] ?? 0
    if (count > (status.replicas ?? 0))
      errors.push(invalid(path.child(field), count, 'cannot be greater than status.replicas'))
  }
  const available = status.availableReplicas ?? 0
  if (available > (status.readyReplicas ?? 0))
    errors.push(invalid(path.child('availableReplicas'), available, 'cannot be greater than readyReplicas'))
}
