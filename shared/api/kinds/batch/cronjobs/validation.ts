import { FieldPath, invalid, notSupported, required, type FieldError } from '../../../../machinery/fieldpath.ts'
import type { CronJob, CronJobSpec } from '../../../types/batch-v1.ts'
import { checkNonNegative } from '../../checks.ts'
import { checkJobSpec } from '../jobs/validation.ts'
import { scheduleProblem } from './schedule.ts'

const path = new FieldPath('spec')
const policies = ['Allow', 'Forbid', 'Replace']
const maxName = 52

// pkg/apis/batch/validation/validation.go ValidateCronJobCreate
export function validate(obj: CronJob): FieldError[] {
  const errors: FieldError[] = []
  checkSpec(obj.spec, undefined, errors)
  // Jobs are named after the CronJob, with eleven characters of a time
  if ((obj.metadata.name ?? '').length > maxName)
    errors.push(invalid(new FieldPath('metadata', 'name'), obj.metadata.name, 'must be no more than 52 characters'))
  return errors
}

// pkg/apis/batch/validation/validation.go ValidateCronJobUpdate
export function validateUpdate(obj: CronJob, old: CronJob): FieldError[] {
  const errors: FieldError[] = []
  checkSpec(obj.spec, old.spec, errors)
  return errors
}

// pkg/apis/batch/validation/validation.go validateCronJobSpec
function checkSpec(spec: CronJobSpec, old: CronJobSpec | undefined, errors: FieldError[]): void {
  if (!spec.schedule) errors.push(required(path.child('schedule')))
  else checkSchedule(spec, old?.schedule?.includes('TZ') ?? false, errors)
  checkNonNegative(spec.startingDeadlineSeconds, path.child('startingDeadlineSeconds'), errors)
  if (!old || old.timeZone !== spec.timeZone) checkTimeZone(spec.timeZone, errors)
  if (!spec.concurrencyPolicy) errors.push(required(path.child('concurrencyPolicy')))
  else if (!policies.includes(spec.concurrencyPolicy))
    errors.push(notSupported(path.child('concurrencyPolicy'), spec.concurrencyPolicy, policies))
  checkTemplate(spec, path.child('jobTemplate', 'spec'), errors)
  checkNonNegative(spec.successfulJobsHistoryLimit, path.child('successfulJobsHistoryLimit'), errors)
  checkNonNegative(spec.failedJobsHistoryLimit, path.child('failedJobsHistoryLimit'), errors)
}

// pkg/apis/batch/validation/validation.go ValidateJobTemplateSpec
function checkTemplate({ jobTemplate }: CronJobSpec, at: FieldPath, errors: FieldError[]): void {
  const spec = jobTemplate?.spec ?? { template: { spec: { containers: [] } } }
  checkJobSpec(spec, at, errors)
  if (spec.selector) errors.push(invalid(at.child('selector'), spec.selector, '`selector` will be auto-generated'))
  if (spec.manualSelector) errors.push(notSupported(at.child('manualSelector'), true, ['nil', 'false']))
}

// pkg/apis/batch/validation/validation.go validateScheduleFormat
function checkSchedule({ schedule, timeZone }: CronJobSpec, zoneAllowed: boolean, errors: FieldError[]): void {
  const at = path.child('schedule')
  const problem = scheduleProblem(schedule)
  if (problem !== undefined) errors.push(invalid(at, schedule, problem))
  if (!schedule.includes('TZ')) return
  if (!zoneAllowed)
    errors.push(invalid(at, schedule, 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead'))
  else if (timeZone !== undefined)
    errors.push(invalid(at, schedule, 'cannot use both timeZone field and TZ or CRON_TZ in schedule'))
}

const zonePart = /^[A-Za-z._0-9+][A-Za-z._\-0-9+]{0,13}$/

// pkg/apis/batch/validation/validation.go validateTimeZone
function checkTimeZone(zone: string | undefined, errors: FieldError[]): void {
  if (zone === undefined) return
  const at = path.child('timeZone')
  if (zone === '') {
    errors.push(invalid(at, zone, 'timeZone must be nil or non-empty string'))
    return
  }
  if (zone.split('/').some((part) => part === '.' || part === '..' || !zonePart.test(part))) {
    errors.push(invalid(at, zone, `unknown time zone ${zone}`))
    return
  }
  if (zone.toLowerCase() === 'local')
    errors.push(
      invalid(at, zone, 'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones'),
    )
  else if (!isTimeZone(zone)) errors.push(invalid(at, zone, `unknown time zone ${zone}`))
}

function isTimeZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return true
  } catch {
    return false
  }
}
