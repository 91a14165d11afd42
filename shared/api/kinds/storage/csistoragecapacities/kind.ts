import { defineKind } from '../../define.ts'

export const csiStorageCapacity = defineKind({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'CSIStorageCapacity',
  plural: 'csistoragecapacities',
  namespaced: true,
  unconditionalUpdate: false,
})
