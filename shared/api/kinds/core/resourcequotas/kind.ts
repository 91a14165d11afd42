import type { ResourceQuota } from '../../../types/core-v1.ts'
import { defineKind } from '../../define.ts'
import { columns, row } from './columns.ts'
import { defaults } from './defaults.ts'
import { validate, validateStatusUpdate, validateUpdate } from './validation.ts'

export const resourceQuota = defineKind<ResourceQuota>({
  group: '',
  version: 'v1',
  kind: 'ResourceQuota',
  plural: 'resourcequotas',
  namespaced: true,
  shortNames: ['quota'],
  subresources: ['status'],
  columns,
  row,
  defaults,
  validate,
  validateUpdate,
  validateStatusUpdate,
})
