import type { Job } from '../../../types/batch-v1.ts'
import { defineKind } from '../../define.ts'
import { columns, row } from './columns.ts'
import { defaults } from './defaults.ts'
import { validate, validateUpdate } from './validation.ts'
import { prepareForCreate } from './strategy.ts'
import { validateStatusUpdate } from './status.ts'
import { selectableFields } from './fields.ts'
import { warningsOf } from './warnings.ts'

export const job = defineKind<Job>({
  group: 'batch',
  version: 'v1',
  kind: 'Job',
  plural: 'jobs',
  namespaced: true,
  categories: ['all'],
  subresources: ['status'],
  generation: true,
  columns,
  row,
  defaults,
  validate,
  validateUpdate,
  validateStatusUpdate,
  prepareForCreate,
  selectableFields,
  warningsOf,
})
