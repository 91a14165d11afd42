import { FieldPath } from '../../../../machinery/fieldpath.ts'
import type { CronJob } from '../../../types/batch-v1.ts'
import { nameWarnings, templateWarnings } from '../../pod-spec/warnings.ts'

const path = new FieldPath('spec', 'jobTemplate', 'spec', 'template')

// pkg/registry/batch/cronjob/strategy.go WarningsOnCreate, WarningsOnUpdate
export function warningsOf(obj: CronJob, old?: CronJob): string[] {
  const found = old ? [] : nameWarnings(obj.metadata.name, 'Pod names and hostnames')
  if (!old || old.metadata.generation !== obj.metadata.generation)
    found.push(...templateWarnings(obj.spec.jobTemplate?.spec?.template, path))
  if (obj.spec.schedule?.includes('TZ'))
    found.push('spec.schedule: use timeZone field instead of TZ or CRON_TZ in schedule')
  return found
}
