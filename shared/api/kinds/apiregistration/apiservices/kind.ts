import type { APIService } from '../../../types/apiregistration-v1.ts'
import { defineKind } from '../../define.ts'
import { columns, row } from './columns.ts'
import { defaults } from './defaults.ts'
import { prepareForCreate, prepareForStatusUpdate } from './strategy.ts'
import { validate, validateStatusUpdate } from './validation.ts'

export const apiService = defineKind<APIService>({
  group: 'apiregistration.k8s.io',
  version: 'v1',
  kind: 'APIService',
  plural: 'apiservices',
  namespaced: false,
  categories: ['api-extensions'],
  subresources: ['status'],
  nameRule: 'pathSegment',
  unconditionalUpdate: false,
  columns,
  row,
  defaults,
  prepareForCreate,
  prepareForStatusUpdate,
  validate,
  validateStatusUpdate,
})
