import type { PodDisruptionBudget } from '../../../types/policy-v1.ts'
import { defineKind } from '../../define.ts'
import { columns, row } from './columns.ts'
import { validate, validateStatusUpdate } from './validation.ts'

export const podDisruptionBudget = defineKind<PodDisruptionBudget>({
  group: 'policy',
  version: 'v1',
  kind: 'PodDisruptionBudget',
  plural: 'poddisruptionbudgets',
  namespaced: true,
  shortNames: ['pdb'],
  subresources: ['status'],
  nameRule: 'pathSegment',
  generation: true,
  unconditionalUpdate: false,
  columns,
  row,
  validate,
  validateStatusUpdate,
})
