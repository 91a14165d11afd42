import type { FlowSchema } from '../../../types/flowcontrol-v1.ts'
import { defineKind } from '../../define.ts'
import { columns, row } from './columns.ts'

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
})
