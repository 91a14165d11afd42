import type { ResourceClaimTemplate } from '../../../types/resource-v1.ts'
import { defineKind } from '../../define.ts'
import { defaultDeviceClaim } from '../defaults.ts'
import { validate, validateUpdate } from './validation.ts'

export const resourceClaimTemplate = defineKind<ResourceClaimTemplate>({
  group: 'resource.k8s.io',
  version: 'v1',
  kind: 'ResourceClaimTemplate',
  plural: 'resourceclaimtemplates',
  namespaced: true,
  defaults: ({ spec }) => defaultDeviceClaim(spec?.spec?.devices ?? { requests: [] }),
  validate,
  validateUpdate,
})
