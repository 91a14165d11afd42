import { defineKind } from '../../define.ts'

export const flowSchema = defineKind({
  group: 'flowcontrol.apiserver.k8s.io',
  version: 'v1',
  kind: 'FlowSchema',
  plural: 'flowschemas',
  namespaced: false,
  subresources: ['status'],
  generation: true,
})
