import { defineKind } from '../../define.ts'

export const apiService = defineKind({
  group: 'apiregistration.k8s.io',
  version: 'v1',
  kind: 'APIService',
  plural: 'apiservices',
  namespaced: false,
  categories: ['api-extensions'],
  subresources: ['status'],
  nameRule: 'pathSegment',
  unconditionalUpdate: false,
})
