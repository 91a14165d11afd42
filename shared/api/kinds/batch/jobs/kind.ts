import { defineKind } from '../../define.ts'

export const job = defineKind({
  group: 'batch',
  version: 'v1',
  kind: 'Job',
  plural: 'jobs',
  namespaced: true,
  categories: ['all'],
  subresources: ['status'],
  generation: true,
})
