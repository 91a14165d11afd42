import type { Namespace } from '../../../types/core-v1.ts'
import { defineKind } from '../../define.ts'
import { columns, row } from './columns.ts'
import { defaults } from './defaults.ts'
import { validate, validateFinalize, validateUpdate, validateStatusUpdate } from './validation.ts'
import { prepareForCreate, prepareForUpdate } from './strategy.ts'
import { selectableFields } from './fields.ts'

export const namespace = defineKind<Namespace>({
  group: '',
  version: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  namespaced: false,
  shortNames: ['ns'],
  verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
  subresources: ['finalize', 'status'],
  nameRule: 'label',
  columns,
  row,
  defaults,
  validate,
  validateUpdate,
  validateStatusUpdate,
  validateSubresource: { finalize: validateFinalize },
  prepareForCreate,
  prepareForUpdate,
  selectableFields,
})
