import type { FlowSchema } from '../../../types/flowcontrol-v1.ts'
import { defineKind } from '../../define.ts'
import { resetMetaForStatus } from '../../strategy.ts'
import { columns, row } from './columns.ts'
import { defaults } from './defaults.ts'
import { validate, validateStatusUpdate } from './validation.ts'

export const flowSchema = defineKind<FlowSchema>({
  group: 'flowcontrol.apiserver.k8s.io',
  version: 'v1',
  kind: 'FlowSchema',
  plural: 'flowschemas',
  namespaced: false,
  subresources: ['status'],
  generation: true,
  columns,
  row,
  defaults,
  prepareForStatusUpdate: resetMetaForStatus,
  validate,
  validateStatusUpdate,
})
