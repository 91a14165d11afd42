import { defineKind } from '../../define.ts'

export const csiDriver = defineKind({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'CSIDriver',
  plural: 'csidrivers',
  namespaced: false,
  unconditionalUpdate: false,
})
