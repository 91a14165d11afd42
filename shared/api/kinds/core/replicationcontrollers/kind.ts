import type { ReplicationController } from '../../../types/core-v1.ts'
import { defineKind } from '../../define.ts'
import { columns, row } from './columns.ts'
import { defaults } from './defaults.ts'
import { validate, validateStatusUpdate } from './validation.ts'
import { selectableFields, scale } from './fields.ts'
import { warningsOf } from './warnings.ts'

export const replicationController = defineKind<ReplicationController>({
  group: '',
  version: 'v1',
  kind: 'ReplicationController',
  plural: 'replicationcontrollers',
  namespaced: true,
  shortNames: ['rc'],
  categories: ['all'],
  subresources: ['scale', 'status'],
  generation: true,
  columns,
  row,
  defaults,
  validate,
  validateStatusUpdate,
  selectableFields,
  scale,
  warningsOf,
})
