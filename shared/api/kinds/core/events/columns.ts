import type { Event } from '../../../types/core-v1.ts'
import type { Cell, Column } from '../../kind.ts'
import { column, nameColumn, since } from '../../printing.ts'

export const columns: readonly Column[] = [
  column('Last Seen', 'Time since it was last seen.'),
  column('Type', 'Normal or Warning.'),
  column('Reason', 'Why it happened, in a word.'),
  column('Object', 'What it is about.'),
  column('Subobject', 'Part of the object it is about.', { wide: true }),
  column('Source', 'Who reported it.', { wide: true }),
  column('Message', 'What happened.'),
  column('First Seen', 'Time since it was first seen.', { wide: true }),
  column('Count', 'How often it was seen.', { wide: true }),
  { ...nameColumn, priority: 1 },
]

// pkg/printers/internalversion/printers.go printEvent
export function row(event: Event, now: number): Cell[] {
  const first = event.firstTimestamp || event.eventTime
  let last = event.lastTimestamp || first
  let count = event.count ?? 0
  if (event.series) {
    last = event.series.lastObservedTime || last
    count = event.series.count ?? 0
  } else if (count === 0) count = 1
  const about = event.involvedObject ?? {}
  return [
    since(last, now),
    event.type ?? '',
    event.reason ?? '',
    about.name ? `${(about.kind ?? '').toLowerCase()}/${about.name}` : (about.kind ?? '').toLowerCase(),
    about.fieldPath ?? '',
    source(event),
    (event.message ?? '').trim(),
    since(first, now),
    count,
    event.metadata.name ?? '',
  ]
}

function source(event: Event): string {
  const component = event.source?.component || event.reportingComponent || ''
  const host = event.source?.host || event.reportingInstance || ''
  return host ? `${component}, ${host}` : component
}
