import type { VolumeAttributesClass } from '../../../types/storage-v1.ts'
import { defineKind } from '../../define.ts'
import { columns, row } from './columns.ts'
import { validate, validateUpdate } from './validation.ts'

export const volumeAttributesClass = defineKind<VolumeAttributesClass>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'VolumeAttributesClass',
  plural: 'volumeattributesclasses',
  namespaced: false,
  shortNames: ['vac'],
  columns,
  row,
  validate,
  validateUpdate,
})
