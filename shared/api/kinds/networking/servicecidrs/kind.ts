import { defineKind } from '../../define.ts'

export const serviceCIDR = defineKind({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'ServiceCIDR',
  plural: 'servicecidrs',
  namespaced: false,
  subresources: ['status'],
})
