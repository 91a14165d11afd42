import { deepEqual } from '../../../../machinery/deep.ts'
import { FieldPath, invalid, notSupported, required, type FieldError } from '../../../../machinery/fieldpath.ts'
import { labelSelectorFromObject } from '../../../../machinery/selector.ts'
import type { Job, JobSpec } from '../../../types/batch-v1.ts'
import { checkImmutable, checkLabelSelector, checkNonNegative } from '../../checks.ts'
import { checkTemplate } from '../../pod-spec/spec.ts'

const counts = [
  'parallelism',
  'completions',
  'activeDeadlineSeconds',
  'backoffLimit',
  'backoffLimitPerIndex',
  'maxFailedIndexes',
  'ttlSecondsAfterFinished',
] as const
const modes = ['Indexed', 'NonIndexed']
const policies = ['Never', 'OnFailure']

const path = new FieldPath('spec')

// pkg/apis/batch/validation/validation.go ValidateJob
export function validate({ spec }: Job): FieldError[] {
  const errors: FieldError[] = []
  checkJobSpec(spec, path, errors)
  if (!spec.selector) errors.push(required(path.child('selector')))
  else {
    const before = errors.length
    checkLabelSelector(spec.selector, path.child('selector'), errors)
    const labels = spec.template?.metadata?.labels ?? {}
    if (errors.length === before && !labelSelectorFromObject(spec.selector).matches(labels))
      errors.push(
        invalid(path.child('template', 'metadata', 'labels'), labels, '`selector` does not match template `labels`'),
      )
  }
  return errors
}

/** Adds what is wrong with a Job's spec, alone or as the template in a CronJob; the selector apart. */
// pkg/apis/batch/validation/validation.go validateJobSpec
export function checkJobSpec(spec: JobSpec, at: FieldPath, errors: FieldError[]): void {
  for (const field of counts) checkNonNegative(spec[field], at.child(field), errors)
  if (spec.completionMode !== undefined && !modes.includes(spec.completionMode))
    errors.push(notSupported(at.child('completionMode'), spec.completionMode, modes))
  if (spec.completionMode === 'Indexed' && spec.completions === undefined)
    errors.push(required(at.child('completions'), 'when completion mode is Indexed'))
  if (spec.completionMode === 'Indexed' && (spec.parallelism ?? 0) > 100_000)
    errors.push(
      invalid(
        at.child('parallelism'),
        spec.parallelism,
        'must be less than or equal to 100000 when completion mode is Indexed',
      ),
    )
  const template = spec.template ?? { spec: { containers: [] } }
  checkTemplate(template, at.child('template'), errors)
  const policy = template.spec?.restartPolicy ?? ''
  const where = at.child('template', 'spec', 'restartPolicy')
  if (policy === 'Always') errors.push(required(where, 'valid values: "OnFailure", "Never"'))
  else if (!policies.includes(policy)) errors.push(notSupported(where, policy, ['OnFailure', 'Never']))
  if (spec.podFailurePolicy && policy !== 'Never') {
    const detail = 'only "Never" is supported when podFailurePolicy is specified'
    errors.push(invalid(where, policy, detail))
  }
}

// pkg/apis/batch/validation/validation.go ValidateJobSpecUpdate
export function validateUpdate(job: Job, old: Job): FieldError[] {
  const errors: FieldError[] = []
  const { spec } = job
  checkJobSpec(spec, path, errors)
  const resizable = spec.completionMode === 'Indexed' && spec.completions === spec.parallelism
  if (!resizable) checkImmutable(spec.completions, old.spec.completions, path.child('completions'), errors)
  checkImmutable(spec.selector, old.spec.selector, path.child('selector'), errors)
  checkTemplateKept(job, old, errors)
  for (const field of [
    'completionMode',
    'podFailurePolicy',
    'backoffLimitPerIndex',
    'managedBy',
    'successPolicy',
  ] as const)
    checkImmutable(spec[field], old.spec[field], path.child(field), errors)
  return errors
}

// a Job that was suspended before it ever started may still be given other places and sizes
function checkTemplateKept(job: Job, old: Job, errors: FieldError[]): void {
  const notStarted = old.spec.suspend === true && !old.status?.startTime
  const fixed = ({ spec }: Job) => {
    if (!notStarted) return spec.template
    const { affinity: _a, nodeSelector: _n, tolerations: _t, schedulingGates: _g, ...rest } = spec.template.spec
    return { spec: rest }
  }
  if (!deepEqual(fixed(job), fixed(old)))
    errors.push(invalid(path.child('template'), job.spec.template, 'field is immutable'))
}
