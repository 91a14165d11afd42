import { defineKind } from '../../define.ts'

export const runtimeClass = defineKind({
  group: 'node.k8s.io',
  version: 'v1',
  kind: 'RuntimeClass',
  plural: 'runtimeclasses',
  namespaced: false,
  unconditionalUpdate: false,
})
