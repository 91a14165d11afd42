import type { Secret } from '../../../types/core-v1.ts'
import { defineKind } from '../../define.ts'
import { columns, row } from './columns.ts'
import { defaults } from './defaults.ts'
import { validate, validateUpdate } from './validation.ts'
import { prepareForUpdate } from './strategy.ts'
import { selectableFields } from './fields.ts'

export const secret = defineKind<Secret>({
  group: '',
  version: 'v1',
  kind: 'Secret',
  plural: 'secrets',
  namespaced: true,
  columns,
  row,
  defaults,
  validate,
  validateUpdate,
  prepareForUpdate,
  selectableFields,
})
