import type { ResourceSlice } from '../../../types/resource-v1.ts'
import { defineKind } from '../../define.ts'
import { columns, row } from './columns.ts'

export const resourceSlice = defineKind<ResourceSlice>({
  group: 'resource.k8s.io',
  version: 'v1',
  kind: 'ResourceSlice',
  plural: 'resourceslices',
  namespaced: false,
  generation: true,
  columns,
  row,
})
