import { defineKind } from '../../define.ts'

export const clusterRole = defineKind({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'ClusterRole',
  plural: 'clusterroles',
  namespaced: false,
  nameRule: 'pathSegment',
  createOnUpdate: true,
})
