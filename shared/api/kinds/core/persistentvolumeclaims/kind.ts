import type { PersistentVolumeClaim } from '../../../types/core-v1.ts'
import { defineKind } from '../../define.ts'
import { columns, row } from './columns.ts'
import { defaults } from './defaults.ts'
import { validate, validateStatusUpdate, validateUpdate } from './validation.ts'
import { prepareForCreate } from './strategy.ts'
import { warningsOf } from './warnings.ts'

export const persistentVolumeClaim = defineKind<PersistentVolumeClaim>({
  group: '',
  version: 'v1',
  kind: 'PersistentVolumeClaim',
  plural: 'persistentvolumeclaims',
  namespaced: true,
  shortNames: ['pvc'],
  subresources: ['status'],
  columns,
  row,
  defaults,
  validate,
  validateUpdate,
  validateStatusUpdate,
  prepareForCreate,
  warningsOf,
})
