import type { ResourceClaim } from '../../../types/resource-v1.ts'
import { defineKind } from '../../define.ts'
import { defaultDeviceClaim } from '../defaults.ts'
import { columns, row } from './columns.ts'
import { validateStatusUpdate } from './status-validation.ts'
import { validate, validateUpdate } from './validation.ts'

export const resourceClaim = defineKind<ResourceClaim>({
  group: 'resource.k8s.io',
  version: 'v1',
  kind: 'ResourceClaim',
  plural: 'resourceclaims',
  namespaced: true,
  subresources: ['status'],
  columns,
  row,
  defaults: ({ spec }) => defaultDeviceClaim(spec?.devices ?? { requests: [] }),
  validate,
  validateUpdate,
  validateStatusUpdate,
})
