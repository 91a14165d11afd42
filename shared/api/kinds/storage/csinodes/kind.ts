import type { CSINode } from '../../../types/storage-v1.ts'
import { defineKind } from '../../define.ts'
import { columns, row } from './columns.ts'
import { validate, validateUpdate } from './validation.ts'

export const csiNode = defineKind<CSINode>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'CSINode',
  plural: 'csinodes',
  namespaced: false,
  unconditionalUpdate: false,
  columns,
  row,
  validate,
  validateUpdate,
})
