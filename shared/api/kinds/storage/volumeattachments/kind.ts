import type { VolumeAttachment } from '../../../types/storage-v1.ts'
import { defineKind } from '../../define.ts'
import { columns, row } from './columns.ts'
import { validate, validateUpdate } from './validation.ts'

export const volumeAttachment = defineKind<VolumeAttachment>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'VolumeAttachment',
  plural: 'volumeattachments',
  namespaced: false,
  subresources: ['status'],
  unconditionalUpdate: false,
  columns,
  row,
  validate,
  validateUpdate,
  validateStatusUpdate: validateUpdate,
})
