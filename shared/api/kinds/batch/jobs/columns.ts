import { humanDuration, parseTime } from '../../../../machinery/time.ts'
import type { Job } from '../../../types/batch-v1.ts'
import type { Cell, Column } from '../../kind.ts'
import { age, ageColumn, column, containerCells, containerColumns, formatSelector, nameColumn } from '../../printing.ts'

export const columns: readonly Column[] = [
  nameColumn,
  column('Status', 'Status of the job.'),
  column('Completions', 'Number of pods that succeeded, of those wanted.'),
  column('Duration', 'Time required to complete the job.'),
  ageColumn,
  ...containerColumns,
  column('Selector', 'Selects the pods counted.', { wide: true }),
]

// pkg/printers/internalversion/printers.go printJob
export function row(obj: Job, now: number): Cell[] {
  return [
    obj.metadata.name ?? '',
    jobStatus(obj),
    completions(obj),
    duration(obj, now),
    age(obj, now),
    ...containerCells(obj.spec.template),
    formatSelector(obj.spec.selector),
  ]
}

function jobStatus(job: Job): string {
  const is = (type: string) =>
    (job.status?.conditions ?? []).some((condition) => condition.type === type && condition.status === 'True')
  if (is('Complete')) return 'Complete'
  if (is('Failed')) return 'Failed'
  if (job.metadata.deletionTimestamp) return 'Terminating'
  if (is('Suspended')) return 'Suspended'
  if (is('FailureTarget')) return 'FailureTarget'
  if (is('SuccessCriteriaMet')) return 'SuccessCriteriaMet'
  return 'Running'
}

function completions({ spec, status }: Job): string {
  const succeeded = status?.succeeded ?? 0
  if (spec.completions !== undefined && spec.completions !== null) return `${succeeded}/${spec.completions}`
  const parallelism = spec.parallelism ?? 0
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`
}

function duration({ status }: Job, now: number): string {
  if (!status?.startTime) return ''
  const end = status.completionTime ? parseTime(status.completionTime) : now
  return humanDuration(end - parseTime(status.startTime))
}
