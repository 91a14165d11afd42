import { defineKind } from '../../define.ts'

export const resourceClaimTemplate = defineKind({
  group: 'resource.k8s.io',
  version: 'v1',
  kind: 'ResourceClaimTemplate',
  plural: 'resourceclaimtemplates',
  namespaced: true,
})
