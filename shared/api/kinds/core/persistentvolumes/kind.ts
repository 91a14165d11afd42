import type { PersistentVolume } from '../../../types/core-v1.ts'
import { defineKind } from '../../define.ts'
import { columns, row } from './columns.ts'
import { defaults } from './defaults.ts'
import { validate, validateUpdate } from './validation.ts'
import { prepareForCreate, prepareForStatusUpdate } from './strategy.ts'
import { warningsOf } from './warnings.ts'

export const persistentVolume = defineKind<PersistentVolume>({
  group: '',
  version: 'v1',
  kind: 'PersistentVolume',
  plural: 'persistentvolumes',
  namespaced: false,
  shortNames: ['pv'],
  subresources: ['status'],
  columns,
  row,
  defaults,
  validate,
  validateUpdate,
  prepareForCreate,
  prepareForStatusUpdate,
  warningsOf,
})
