import { deepEqual } from '../../../../machinery/deep.ts'
import {
  FieldPath,
  invalid,
  notSupported,
  required,
  tooLong,
  type FieldError,
} from '../../../../machinery/fieldpath.ts'
import { isDNS1123Label } from '../../../../machinery/names.ts'
import { labelSelectorFromObject } from '../../../../machinery/selector.ts'
import type { Job, JobSpec } from '../../../types/batch-v1.ts'
import type { PodSpec } from '../../../types/core-v1.ts'
import { checkDomainPrefixedPath, checkImmutable, checkLabelSelector, checkNonNegative } from '../../checks.ts'
import { checkTemplate } from '../../pod-spec/spec.ts'
import { checkFailurePolicy, checkSuccessPolicy } from './policies.ts'

const counts = [
  'parallelism',
  'completions',
  'activeDeadlineSeconds',
  'backoffLimit',
  'ttlSecondsAfterFinished',
  'backoffLimitPerIndex',
  'maxFailedIndexes',
] as const
const modes = ['NonIndexed', 'Indexed']
const policies = ['OnFailure', 'Never']
const replacements = ['Failed', 'TerminatingOrFailed']
const maxParallelism = 100_000
const maxManagedBy = 63
const manyCompletions = 100_000
const mostForMany = 10_000

const path = new FieldPath('spec')

// pkg/apis/batch/validation/validation.go ValidateJob
export function validate(job: Job): FieldError[] {
  const errors: FieldError[] = []
  checkGeneratedSelector(job, errors)
  checkSpecAndSelector(job.spec, errors)
  const { spec, metadata } = job
  if (spec.completionMode === 'Indexed' && (spec.completions ?? 0) > 0) {
    // Pods are named after the Job with their index at the end, and their hostnames too
    const last = `${metadata.name}-${(spec.completions ?? 0) - 1}`
    if (isDNS1123Label(last).length > 0) {
      const detail = `will not able to create pod with invalid DNS label: ${last}`
      errors.push(invalid(new FieldPath('metadata', 'name'), metadata.name, detail))
    }
  }
  return errors
}

// pkg/apis/batch/validation/validation.go validateGeneratedSelector
function checkGeneratedSelector({ metadata, spec }: Job, errors: FieldError[]): void {
  if (spec.manualSelector || !spec.selector) return
  if (!metadata.uid) errors.push(required(new FieldPath('metadata', 'uid')))
  const { uid = '', name = '' } = metadata
  const wanted: Record<string, string> = {
    'controller-uid': uid,
    'job-name': name,
    'batch.kubernetes.io/controller-uid': uid,
    'batch.kubernetes.io/job-name': name,
  }
  const labels = spec.template?.metadata?.labels
  for (const [key, value] of Object.entries(wanted)) {
    const at = path.child('template', 'metadata', 'labels').key(key)
    if (labels?.[key] === undefined) errors.push(required(at, `must be '${value}'`))
    else if (labels[key] !== value) errors.push(invalid(at, labels, `must be '${value}'`))
  }
  if (selects(spec, wanted) === false)
    errors.push(invalid(path.child('selector'), spec.selector, '`selector` not auto-generated'))
}

/** undefined: the selector cannot be read, which is said elsewhere. */
function selects({ selector }: JobSpec, labels: Record<string, string>): boolean | undefined {
  const problems: FieldError[] = []
  checkLabelSelector(selector, path, problems)
  return selector && problems.length === 0 ? labelSelectorFromObject(selector).matches(labels) : undefined
}

// pkg/apis/batch/validation/validation.go ValidateJobSpec
function checkSpecAndSelector(spec: JobSpec, errors: FieldError[]): void {
  checkJobSpec(spec, path, errors)
  if (!spec.selector) errors.push(required(path.child('selector')))
  else checkLabelSelector(spec.selector, path.child('selector'), errors)
  const labels = spec.template?.metadata?.labels
  if (selects(spec, labels ?? {}) === false) {
    const detail = '`selector` does not match template `labels`'
    errors.push(invalid(path.child('template', 'metadata', 'labels'), labels ?? null, detail))
  }
}

/** Adds what is wrong with a Job's spec, alone or as the template in a CronJob; the selector apart. */
// pkg/apis/batch/validation/validation.go validateJobSpec
export function checkJobSpec(spec: JobSpec, at: FieldPath, errors: FieldError[]): void {
  for (const field of counts) checkNonNegative(spec[field], at.child(field), errors)
  if (spec.maxFailedIndexes !== undefined && spec.backoffLimitPerIndex === undefined)
    errors.push(required(at.child('backoffLimitPerIndex'), 'when maxFailedIndexes is specified'))
  if (spec.managedBy !== undefined) {
    checkDomainPrefixedPath(spec.managedBy, at.child('managedBy'), errors)
    if (spec.managedBy.length > maxManagedBy) errors.push(tooLong(at.child('managedBy'), '', maxManagedBy))
  }
  const indexed = spec.completionMode === 'Indexed'
  if (spec.completionMode !== undefined && !modes.includes(spec.completionMode))
    errors.push(notSupported(at.child('completionMode'), spec.completionMode, modes))
  if (indexed) checkIndexed(spec, at, errors)
  else if (spec.completionMode === undefined || spec.completionMode === 'NonIndexed')
    for (const field of ['backoffLimitPerIndex', 'maxFailedIndexes'] as const)
      if (spec[field] !== undefined)
        errors.push(invalid(at.child(field), spec[field], 'requires indexed completion mode'))
  if (spec.podFailurePolicy) checkFailurePolicy(spec, at.child('podFailurePolicy'), errors)
  if (spec.successPolicy) {
    if (indexed) checkSuccessPolicy(spec, at.child('successPolicy'), errors)
    else errors.push(invalid(at.child('successPolicy'), spec.successPolicy, 'requires indexed completion mode'))
  }
  const allowed = spec.podFailurePolicy ? ['Failed'] : replacements
  if (spec.podReplacementPolicy !== undefined && !allowed.includes(spec.podReplacementPolicy))
    errors.push(notSupported(at.child('podReplacementPolicy'), spec.podReplacementPolicy, allowed))
  const template = spec.template ?? { spec: { containers: [] } }
  checkTemplate(template, at.child('template'), errors)
  checkRestartPolicy(template.spec?.restartPolicy, spec, at.child('template', 'spec', 'restartPolicy'), errors)
}

function checkRestartPolicy(policy: string | undefined, spec: JobSpec, at: FieldPath, errors: FieldError[]): void {
  // Always is what every Pod gets that says nothing
  if (!policy || policy === 'Always') errors.push(required(at, 'valid values: "OnFailure", "Never"'))
  else if (!policies.includes(policy)) errors.push(notSupported(at, policy, policies))
  else if (spec.podFailurePolicy && policy !== 'Never')
    errors.push(invalid(at, policy, 'only "Never" is supported when podFailurePolicy is specified'))
}

function checkIndexed(spec: JobSpec, at: FieldPath, errors: FieldError[]): void {
  const { completions, parallelism, maxFailedIndexes: failed } = spec
  const atMost = (field: 'parallelism' | 'maxFailedIndexes', limit: number, when = ''): void => {
    const value = spec[field]
    if (value !== undefined && value > limit)
      errors.push(invalid(at.child(field), value, `must be less than or equal to ${limit}${when}`))
  }
  if (completions === undefined) errors.push(required(at.child('completions'), 'when completion mode is Indexed'))
  atMost('parallelism', maxParallelism, ' when completion mode is Indexed')
  if (completions !== undefined && failed !== undefined && failed > completions)
    errors.push(invalid(at.child('maxFailedIndexes'), failed, 'must be less than or equal to completions'))
  atMost('maxFailedIndexes', maxParallelism)
  if (completions === undefined || completions <= manyCompletions || spec.backoffLimitPerIndex === undefined) return
  if (failed === undefined)
    errors.push(
      required(at.child('maxFailedIndexes'), `must be specified when completions is above ${manyCompletions}`),
    )
  const when = ` when completions are above ${manyCompletions} and used with backoff limit per index`
  if (parallelism !== undefined) atMost('parallelism', mostForMany, when)
  atMost('maxFailedIndexes', mostForMany, when)
}

// pkg/apis/batch/validation/validation.go ValidateJobSpecUpdate
export function validateUpdate(job: Job, old: Job): FieldError[] {
  const errors: FieldError[] = []
  const { spec } = job
  checkSpecAndSelector(spec, errors)
  checkCompletions(spec, old.spec, errors)
  checkImmutable(spec.selector, old.spec.selector, path.child('selector'), errors)
  checkTemplateKept(job, old, errors)
  const fixed = ['completionMode', 'podFailurePolicy', 'backoffLimitPerIndex', 'managedBy', 'successPolicy'] as const
  for (const field of fixed) checkImmutable(spec[field], old.spec[field], path.child(field), errors)
  return errors
}

// pkg/apis/batch/validation/validation.go validateCompletions: an Indexed Job grows and shrinks with its parallelism
function checkCompletions(spec: JobSpec, old: JobSpec, errors: FieldError[]): void {
  const at = path.child('completions')
  if (spec.completionMode !== 'Indexed') checkImmutable(spec.completions, old.completions, at, errors)
  else if (spec.completions !== old.completions && spec.completions !== undefined)
    if (spec.completions !== spec.parallelism)
      errors.push(invalid(at, spec.completions, 'can only be modified in tandem with spec.parallelism'))
}

// pkg/registry/batch/job/strategy.go validationOptionsForJob: a Job that is suspended and of which nothing runs, not yet or
// not any more, may be given other places and sizes
function isOpen({ spec, status }: Job): boolean {
  if (!spec.suspend) return false
  const isSuspended = status?.conditions?.some((one) => one.type === 'Suspended' && one.status === 'True')
  return !status?.startTime || (isSuspended === true && (status.active ?? 0) === 0)
}

function checkTemplateKept(job: Job, old: Job, errors: FieldError[]): void {
  const open = isOpen(old)
  const fixed = ({ spec }: Job) => {
    const { template } = spec
    if (!open || !template?.spec) return template
    const rest: PodSpec = { ...template.spec }
    for (const field of ['nodeSelector', 'tolerations', 'schedulingGates'] as const) delete rest[field]
    const { nodeAffinity: _, ...affinity } = rest.affinity ?? {}
    if (Object.keys(affinity).length > 0) rest.affinity = affinity
    else delete rest.affinity
    const withoutResources = <C extends object>(container: C): C => ({ ...container, resources: undefined })
    rest.containers = (rest.containers ?? []).map(withoutResources)
    if (rest.initContainers) rest.initContainers = rest.initContainers.map(withoutResources)
    const { labels: _l, annotations: _a, ...metadata } = template.metadata ?? {}
    return { metadata, spec: rest }
  }
  if (!deepEqual(fixed(job), fixed(old)))
    errors.push(invalid(path.child('template'), job.spec.template, 'field is immutable'))
}
