import { defineKind } from '../../define.ts'

export const service = defineKind({
  group: '',
  version: 'v1',
  kind: 'Service',
  plural: 'services',
  namespaced: true,
  shortNames: ['svc'],
  categories: ['all'],
  subresources: ['proxy', 'status'],
  nameRule: 'label1035',
  createOnUpdate: true,
})
