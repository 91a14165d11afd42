import type { Ingress } from '../../../types/networking-v1.ts'
import { defineKind } from '../../define.ts'
import { columns, row } from './columns.ts'
import { validate, validateCreate, validateStatusUpdate } from './validation.ts'
import { warningsOf } from './warnings.ts'

export const ingress = defineKind<Ingress>({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'Ingress',
  plural: 'ingresses',
  namespaced: true,
  shortNames: ['ing'],
  subresources: ['status'],
  generation: true,
  columns,
  row,
  validate: validateCreate,
  validateUpdate: validate,
  validateStatusUpdate,
  warningsOf,
})
