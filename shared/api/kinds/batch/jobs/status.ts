import { deepEqual } from '../../../../machinery/deep.ts'
import {
  duplicate,
  FieldPath,
  invalid,
  invalidWithoutValue,
  required,
  type FieldError,
} from '../../../../machinery/fieldpath.ts'
import { parseTime } from '../../../../machinery/time.ts'
import type { Job, JobStatus } from '../../../types/batch-v1.ts'
import { checkNonNegative } from '../../checks.ts'
import { checkIndexes } from './indexes.ts'

const path = new FieldPath('status')
const counts = ['active', 'succeeded', 'failed', 'ready', 'terminating'] as const

const holds = (status: JobStatus, type: string): boolean =>
  (status.conditions ?? []).some((condition) => condition.type === type && condition.status === 'True')
const isFinished = (status: JobStatus): boolean => holds(status, 'Complete') || holds(status, 'Failed')

/** What was said of the Job before and is said now; most rules hold for what changes alone. */
class Change {
  readonly before: JobStatus
  readonly now: JobStatus

  constructor(before: JobStatus, now: JobStatus) {
    this.before = before
    this.now = now
  }

  /** One of the fields, or of the conditions (capitalised), or whether the Job is `finished`. */
  any(
    ...names: (keyof JobStatus | 'Complete' | 'Failed' | 'FailureTarget' | 'SuccessCriteriaMet' | 'finished')[]
  ): boolean {
    return names.some((name) => {
      if (name === 'finished') return isFinished(this.before) !== isFinished(this.now)
      if (/^[A-Z]/.test(name)) return holds(this.before, name) !== holds(this.now, name)
      return !deepEqual(this.before[name as keyof JobStatus], this.now[name as keyof JobStatus])
    })
  }
}

/** What may not be said of a Job, and what may not be taken back. */
// pkg/apis/batch/validation/validation.go validateJobStatus, ValidateJobStatusUpdate; pkg/registry/batch/job/strategy.go
// getStatusValidationOptions
export function validateStatusUpdate(job: Job, old: Job): FieldError[] {
  const errors: FieldError[] = []
  const change = new Change(old.status ?? {}, job.status ?? {})
  for (const field of counts) checkNonNegative(change.now[field], path.child(field), errors)
  checkUncounted(change.now, errors)
  checkConditions(change, errors)
  checkTimes(change, errors)
  if (isFinished(change.now)) checkFinished(change, errors)
  checkIndexLists(job, change, errors)
  const { now } = change
  if (change.any('ready', 'active') && (now.ready ?? 0) > (now.active ?? 0))
    errors.push(invalid(path.child('ready'), now.ready, 'cannot set more ready pods than active'))
  checkKept(job, change, errors)
  return errors
}

function checkKept({ spec }: Job, { before, now }: Change, errors: FieldError[]): void {
  const conditions = path.child('conditions')
  for (const type of ['Failed', 'Complete', 'FailureTarget'])
    if (holds(before, type) && !holds(now, type))
      errors.push(invalidWithoutValue(conditions, `cannot disable the terminal ${type}=True condition`))
  if ((now.failed ?? 0) < (before.failed ?? 0))
    errors.push(invalid(path.child('failed'), now.failed ?? 0, 'cannot decrease the failed counter'))
  // an Indexed Job whose completions follow its parallelism may be scaled down
  const elastic = spec.completionMode === 'Indexed' && spec.completions === spec.parallelism
  if (!elastic && (now.succeeded ?? 0) < (before.succeeded ?? 0))
    errors.push(invalid(path.child('succeeded'), now.succeeded ?? 0, 'cannot decrease the succeeded counter'))
  if (now.completionTime && before.completionTime && now.completionTime !== before.completionTime)
    errors.push(invalid(path.child('completionTime'), now.completionTime, 'completionTime cannot be mutated'))
  if (before.startTime && now.startTime !== before.startTime && !spec.suspend)
    errors.push(required(path.child('startTime'), 'startTime cannot be removed for unsuspended job'))
  if (holds(before, 'SuccessCriteriaMet') && !holds(now, 'SuccessCriteriaMet'))
    errors.push(invalidWithoutValue(conditions, 'cannot disable the SuccessCriteriaMet=True condition'))
}

function checkUncounted({ uncountedTerminatedPods: pods }: JobStatus, errors: FieldError[]): void {
  const seen = new Set<string>()
  for (const list of ['succeeded', 'failed'] as const)
    for (const [i, uid] of (pods?.[list] ?? []).entries()) {
      const at = path.child('uncountedTerminatedPods', list).index(i)
      if (uid === '') errors.push(invalid(at, uid, 'must not be empty'))
      else if (seen.has(uid)) errors.push(duplicate(at, uid))
      seen.add(uid)
    }
}

// which condition cannot stand beside which, or without it
const together = [
  ['Complete', 'Failed', 'cannot set Complete=True and Failed=true conditions'],
  ['Complete', 'FailureTarget', 'cannot set Complete=True and FailureTarget=true conditions'],
  ['SuccessCriteriaMet', 'Failed', 'cannot set SuccessCriteriaMet=True and Failed=true conditions'],
  ['SuccessCriteriaMet', 'FailureTarget', 'cannot set SuccessCriteriaMet=True and FailureTarget=true conditions'],
] as const
const needed = [
  ['Failed', 'FailureTarget', 'cannot set Failed=True condition without the FailureTarget=true condition'],
  [
    'Complete',
    'SuccessCriteriaMet',
    'cannot set Complete=True condition without the SuccessCriteriaMet=true condition',
  ],
] as const

function checkConditions(change: Change, errors: FieldError[]): void {
  const at = path.child('conditions')
  for (const [one, other, text] of together)
    if (change.any(one, other) && holds(change.now, one) && holds(change.now, other))
      errors.push(invalidWithoutValue(at, text))
  for (const [one, other, text] of needed)
    if (change.any(one, other) && holds(change.now, one) && !holds(change.now, other))
      errors.push(invalidWithoutValue(at, text))
}

function checkTimes(change: Change, errors: FieldError[]): void {
  const { startTime, completionTime } = change.now
  const at = path.child('completionTime')
  const complete = holds(change.now, 'Complete')
  if (change.any('Complete', 'completionTime')) {
    if (completionTime && !complete)
      errors.push(invalid(at, completionTime, 'cannot set completionTime when there is no Complete=True condition'))
    if (!completionTime && complete) errors.push(required(at, 'completionTime is required for Complete jobs'))
  }
  if (!change.any('startTime', 'completionTime') || !startTime || !completionTime) return
  if (parseTime(completionTime) < parseTime(startTime))
    errors.push(invalid(at, completionTime, 'completionTime cannot be set before startTime'))
}

function checkFinished(change: Change, errors: FieldError[]): void {
  const { active = 0, terminating = 0, startTime, uncountedTerminatedPods: pods } = change.now
  if (change.any('finished', 'active') && active > 0)
    errors.push(invalid(path.child('active'), active, 'active>0 is invalid for finished job'))
  if (change.any('finished', 'startTime') && !startTime)
    errors.push(required(path.child('startTime'), 'startTime is required for finished job'))
  const uncounted = (pods?.failed ?? []).length + (pods?.succeeded ?? []).length
  if (change.any('finished', 'uncountedTerminatedPods') && uncounted > 0) {
    const detail = 'uncountedTerminatedPods needs to be empty for finished job'
    errors.push(invalid(path.child('uncountedTerminatedPods'), pods, detail))
  }
  if (change.any('finished', 'terminating') && terminating > 0)
    errors.push(invalid(path.child('terminating'), terminating, 'terminating>0 is invalid for finished job'))
}

function checkIndexLists({ spec }: Job, change: Change, errors: FieldError[]): void {
  const { completedIndexes: completed = '', failedIndexes: failed } = change.now
  const { completions } = spec
  if (change.any('completedIndexes')) {
    const at = path.child('completedIndexes')
    if (completions !== undefined) checkIndexes(completed, completions, at, 'completedIndexes', errors)
    if (completed !== '' && spec.completionMode !== 'Indexed')
      errors.push(invalid(at, completed, 'cannot set non-empty completedIndexes when non-indexed completion mode'))
  }
  if (change.any('failedIndexes') && failed !== undefined) {
    const at = path.child('failedIndexes')
    if (spec.backoffLimitPerIndex === undefined)
      errors.push(invalid(at, failed, 'cannot set non-null failedIndexes when backoffLimitPerIndex is null'))
    else if (completions !== undefined) checkIndexes(failed, completions, at, 'failedIndexes', errors)
  }
}
