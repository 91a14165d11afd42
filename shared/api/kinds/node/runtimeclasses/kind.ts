import type { RuntimeClass } from '../../../types/node-v1.ts'
import { defineKind } from '../../define.ts'
import { columns, row } from './columns.ts'
import { defaults } from './defaults.ts'
import { validate, validateUpdate } from './validation.ts'

export const runtimeClass = defineKind<RuntimeClass>({
  group: 'node.k8s.io',
  version: 'v1',
  kind: 'RuntimeClass',
  plural: 'runtimeclasses',
  namespaced: false,
  unconditionalUpdate: false,
  columns,
  row,
  defaults,
  validate,
  validateUpdate,
})
