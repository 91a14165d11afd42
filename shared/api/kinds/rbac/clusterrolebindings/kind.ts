import { defineKind } from '../../define.ts'

export const clusterRoleBinding = defineKind({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'ClusterRoleBinding',
  plural: 'clusterrolebindings',
  namespaced: false,
  nameRule: 'pathSegment',
  createOnUpdate: true,
})
