import type { StorageVersionMigration } from '../../../types/storagemigration-v1beta1.ts'
import { defineKind } from '../../define.ts'
import { columns, row } from './columns.ts'
import { validate, validateStatusUpdate, validateUpdate } from './validation.ts'

export const storageVersionMigration = defineKind<StorageVersionMigration>({
  group: 'storagemigration.k8s.io',
  version: 'v1beta1',
  kind: 'StorageVersionMigration',
  plural: 'storageversionmigrations',
  namespaced: false,
  subresources: ['status'],
  unconditionalUpdate: false,
  columns,
  row,
  validate,
  validateUpdate,
  validateStatusUpdate,
})
