import type { Event as CoreEvent } from '../../../types/core-v1.ts'
import type { Event } from '../../../types/events-v1.ts'
import { columns, row } from '../../core/events/columns.ts'
import { selectableFields } from '../../core/events/fields.ts'
import { validate } from '../../core/events/validation.ts'
import { defineKind } from '../../define.ts'
import type { StoredAs } from '../../kind.ts'
import { fromCore, toCore } from './convert.ts'

const storedAs: StoredAs = {
  group: '',
  version: 'v1',
  plural: 'events',
  kind: 'Event',
  from: (stored) => fromCore(stored as CoreEvent),
  to: (obj) => toCore(obj as Event),
}

// the same fields as the stored kind's, under this one's names
const renamed: Record<string, (event: Event) => string> = {}
for (const [field, read] of Object.entries(selectableFields)) {
  const name = field.replace('involvedObject.', 'regarding.').replace('reportingComponent', 'reportingController')
  renamed[name] = (event) => read(toCore(event))
}

export const eventsEvent = defineKind<Event>({
  group: 'events.k8s.io',
  version: 'v1',
  kind: 'Event',
  plural: 'events',
  namespaced: true,
  shortNames: ['ev'],
  nameRule: 'pathSegment',
  createOnUpdate: true,
  storedAs,
  columns,
  row: (event, now) => row(toCore(event), now),
  selectableFields: renamed,
  validate: (event) => validate(toCore(event)),
})
