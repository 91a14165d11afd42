import type { Role } from '../../../types/rbac-v1.ts'
import { defineKind } from '../../define.ts'
import { columns, row } from './columns.ts'
import { validate } from './validation.ts'

export const role = defineKind<Role>({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'Role',
  plural: 'roles',
  namespaced: true,
  nameRule: 'pathSegment',
  createOnUpdate: true,
  columns,
  row,
  validate,
})
