import type { DaemonSet } from '../../../types/apps-v1.ts'
import { defineKind } from '../../define.ts'
import { columns, row } from './columns.ts'
import { defaults } from './defaults.ts'
import { validate, validateUpdate, validateStatusUpdate } from './validation.ts'
import { prepareForCreate, prepareForUpdate } from './strategy.ts'
import { warningsOf } from './warnings.ts'

export const daemonSet = defineKind<DaemonSet>({
  group: 'apps',
  version: 'v1',
  kind: 'DaemonSet',
  plural: 'daemonsets',
  namespaced: true,
  shortNames: ['ds'],
  categories: ['all'],
  subresources: ['status'],
  generation: true,
  columns,
  row,
  defaults,
  validate,
  validateUpdate,
  validateStatusUpdate,
  prepareForCreate,
  prepareForUpdate,
  warningsOf,
})
