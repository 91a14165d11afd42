import type { Event } from '../../../types/core-v1.ts'
import { defineKind } from '../../define.ts'
import { columns, row } from './columns.ts'
import { validate } from './validation.ts'
import { selectableFields } from './fields.ts'

export const event = defineKind<Event>({
  group: '',
  version: 'v1',
  kind: 'Event',
  plural: 'events',
  namespaced: true,
  shortNames: ['ev'],
  nameRule: 'pathSegment',
  createOnUpdate: true,
  columns,
  row,
  validate,
  selectableFields,
})
