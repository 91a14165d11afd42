import { defineKind } from '../../define.ts'

export const podDisruptionBudget = defineKind({
  group: 'policy',
  version: 'v1',
  kind: 'PodDisruptionBudget',
  plural: 'poddisruptionbudgets',
  namespaced: true,
  shortNames: ['pdb'],
  subresources: ['status'],
  nameRule: 'pathSegment',
  generation: true,
  unconditionalUpdate: false,
})
