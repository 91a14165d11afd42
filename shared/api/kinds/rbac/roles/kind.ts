import { defineKind } from '../../define.ts'

export const role = defineKind({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'Role',
  plural: 'roles',
  namespaced: true,
  nameRule: 'pathSegment',
  createOnUpdate: true,
})
