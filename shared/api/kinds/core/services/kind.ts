import type { Service } from '../../../types/core-v1.ts'
import { defineKind } from '../../define.ts'
import { columns, row } from './columns.ts'
import { defaults } from './defaults.ts'
import { validate, validateUpdate, validateStatusUpdate } from './validation.ts'
import { prepareForCreate, prepareForUpdate } from './strategy.ts'
import { warningsOf } from './warnings.ts'

export const service = defineKind<Service>({
  group: '',
  version: 'v1',
  kind: 'Service',
  plural: 'services',
  namespaced: true,
  shortNames: ['svc'],
  categories: ['all'],
  subresources: ['proxy', 'status'],
  nameRule: 'label1035',
  createOnUpdate: true,
  columns,
  row,
  defaults,
  validate,
  validateUpdate,
  validateStatusUpdate,
  prepareForCreate,
  prepareForUpdate,
  warningsOf,
})
