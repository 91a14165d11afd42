import { FieldPath, invalid, notSupported, required, type FieldError } from '../../../../machinery/fieldpath.ts'
import type { CronJob } from '../../../types/batch-v1.ts'
import { checkNonNegative } from '../../checks.ts'
import { checkJobSpec } from '../jobs/validation.ts'

const path = new FieldPath('spec')
const policies = ['Allow', 'Forbid', 'Replace']
const maxName = 52

// pkg/apis/batch/validation/validation.go ValidateCronJobSpec
export function validate(obj: CronJob): FieldError[] {
  const errors: FieldError[] = []
  const { spec } = obj
  // Jobs are named after the CronJob, with eleven characters of a time
  if ((obj.metadata.name ?? '').length > maxName)
    errors.push(invalid(new FieldPath('metadata', 'name'), obj.metadata.name, 'must be no more than 52 characters'))
  if (!spec.schedule) errors.push(required(path.child('schedule')))
  else checkSchedule(spec.schedule, errors)
  checkNonNegative(spec.startingDeadlineSeconds, path.child('startingDeadlineSeconds'), errors)
  if (!spec.concurrencyPolicy) errors.push(required(path.child('concurrencyPolicy')))
  else if (!policies.includes(spec.concurrencyPolicy))
    errors.push(notSupported(path.child('concurrencyPolicy'), spec.concurrencyPolicy, policies))
  checkNonNegative(spec.successfulJobsHistoryLimit, path.child('successfulJobsHistoryLimit'), errors)
  checkNonNegative(spec.failedJobsHistoryLimit, path.child('failedJobsHistoryLimit'), errors)
  checkTimeZone(spec.timeZone, errors)
  if (spec.jobTemplate?.spec) checkJobSpec(spec.jobTemplate.spec, path.child('jobTemplate', 'spec'), errors)
  else errors.push(required(path.child('jobTemplate', 'spec')))
  return errors
}

const macro = /^@(yearly|annually|monthly|weekly|daily|midnight|hourly|every \S+)$/
const field = /^[\d*/,\-?A-Za-z]+$/

// the shape alone; what each number means is the controller's to read
function checkSchedule(schedule: string, errors: FieldError[]): void {
  const at = path.child('schedule')
  if (schedule.includes('TZ')) {
    errors.push(invalid(at, schedule, 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead'))
    return
  }
  if (schedule.startsWith('@')) {
    if (!macro.test(schedule)) errors.push(invalid(at, schedule, `unrecognized descriptor: ${schedule}`))
    return
  }
  const fields = schedule.trim().split(/\s+/)
  if (fields.length !== 5)
    errors.push(invalid(at, schedule, `expected exactly 5 fields, found ${fields.length}: [${fields.join(' ')}]`))
  else if (!fields.every((text) => field.test(text)))
    errors.push(invalid(at, schedule, `failed to parse int from ${fields.find((text) => !field.test(text))}`))
}

// pkg/apis/batch/validation/validation.go validateTimeZone
function checkTimeZone(zone: string | undefined, errors: FieldError[]): void {
  if (zone === undefined) return
  const at = path.child('timeZone')
  if (zone === '') errors.push(invalid(at, zone, 'timeZone must be nil or non-empty string'))
  else if (zone.toLowerCase() === 'local')
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
