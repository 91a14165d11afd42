import type { ReplicaSet } from '../../../types/apps-v1.ts'
import { defineKind } from '../../define.ts'
import { columns, row } from './columns.ts'
import { defaults } from './defaults.ts'
import { validate, validateUpdate, validateStatusUpdate } from './validation.ts'
import { selectableFields, scale } from './fields.ts'
import { warningsOf } from './warnings.ts'

export const replicaSet = defineKind<ReplicaSet>({
  group: 'apps',
  version: 'v1',
  kind: 'ReplicaSet',
  plural: 'replicasets',
  namespaced: true,
  shortNames: ['rs'],
  categories: ['all'],
  subresources: ['scale', 'status'],
  generation: true,
  columns,
  row,
  defaults,
  validate,
  validateUpdate,
  validateStatusUpdate,
  selectableFields,
  scale,
  warningsOf,
})
