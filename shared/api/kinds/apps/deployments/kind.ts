import type { Deployment } from '../../../types/apps-v1.ts'
import { defineKind } from '../../define.ts'
import { columns, row } from './columns.ts'
import { defaults } from './defaults.ts'
import { validate, validateUpdate, validateStatusUpdate } from './validation.ts'
import { prepareForUpdate, prepareForStatusUpdate } from './strategy.ts'
import { scale } from './fields.ts'
import { warningsOf } from './warnings.ts'

export const deployment = defineKind<Deployment>({
  group: 'apps',
  version: 'v1',
  kind: 'Deployment',
  plural: 'deployments',
  namespaced: true,
  shortNames: ['deploy'],
  categories: ['all'],
  subresources: ['scale', 'status'],
  generation: true,
  columns,
  row,
  defaults,
  validate,
  validateUpdate,
  validateStatusUpdate,
  prepareForUpdate,
  prepareForStatusUpdate,
  scale,
  warningsOf,
})
