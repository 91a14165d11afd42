import type { Node } from '../../../types/core-v1.ts'
import { defineKind } from '../../define.ts'
import { columns, row } from './columns.ts'
import { defaults } from './defaults.ts'
import { validate, validateUpdate, validateStatusUpdate } from './validation.ts'
import { selectableFields } from './fields.ts'
import { prepareForCreate, prepareForUpdate } from './strategy.ts'
import { warningsOf } from './warnings.ts'

export const node = defineKind<Node>({
  group: '',
  version: 'v1',
  kind: 'Node',
  plural: 'nodes',
  namespaced: false,
  shortNames: ['no'],
  subresources: ['proxy', 'status'],
  statusOnCreate: true,
  columns,
  row,
  defaults,
  validate,
  validateUpdate,
  validateStatusUpdate,
  prepareForCreate,
  prepareForUpdate,
  selectableFields,
  warningsOf,
})
