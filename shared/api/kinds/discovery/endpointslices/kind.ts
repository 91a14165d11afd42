import type { EndpointSlice } from '../../../types/discovery-v1.ts'
import { defineKind } from '../../define.ts'
import { columns, row } from './columns.ts'
import { defaults } from './defaults.ts'
import { prepareForCreate, prepareForUpdate } from './strategy.ts'
import { validate, validateUpdate } from './validation.ts'

export const endpointSlice = defineKind<EndpointSlice>({
  group: 'discovery.k8s.io',
  version: 'v1',
  kind: 'EndpointSlice',
  plural: 'endpointslices',
  namespaced: true,
  generation: true,
  columns,
  row,
  defaults,
  validate,
  validateUpdate,
  prepareForCreate,
  prepareForUpdate,
})
