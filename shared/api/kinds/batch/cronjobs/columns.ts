import type { CronJob } from '../../../types/batch-v1.ts'
import type { Cell, Column } from '../../kind.ts'
import {
  age,
  ageColumn,
  column,
  containerCells,
  containerColumns,
  formatSelector,
  nameColumn,
  since,
} from '../../printing.ts'

export const columns: readonly Column[] = [
  nameColumn,
  column('Schedule', 'When the job is run, in cron format.'),
  column('Timezone', 'Time zone of the schedule.'),
  column('Suspend', 'Whether further runs are held back.', { type: 'boolean' }),
  column('Active', 'Number of jobs that run now.', { type: 'integer' }),
  column('Last Schedule', 'Time since the job was last scheduled.'),
  ageColumn,
  ...containerColumns,
  column('Selector', 'Selects the pods counted.', { wide: true }),
]

export function row(obj: CronJob, now: number): Cell[] {
  const { spec, status } = obj
  const job = spec.jobTemplate?.spec
  return [
    obj.metadata.name ?? '',
    spec.schedule ?? '',
    spec.timeZone ?? '<none>',
    spec.suspend === undefined ? '<unset>' : spec.suspend ? 'True' : 'False',
    (status?.active ?? []).length,
    status?.lastScheduleTime ? since(status.lastScheduleTime, now) : '<none>',
    age(obj, now),
    ...containerCells(job?.template),
    formatSelector(job?.selector),
  ]
}
