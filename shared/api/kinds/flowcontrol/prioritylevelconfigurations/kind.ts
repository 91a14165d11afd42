import type { PriorityLevelConfiguration } from '../../../types/flowcontrol-v1.ts'
import { defineKind } from '../../define.ts'
import { columns, row } from './columns.ts'

export const priorityLevelConfiguration = defineKind<PriorityLevelConfiguration>({
  group: 'flowcontrol.apiserver.k8s.io',
  version: 'v1',
  kind: 'PriorityLevelConfiguration',
  plural: 'prioritylevelconfigurations',
  namespaced: false,
  subresources: ['status'],
  generation: true,
  columns,
  row,
})
