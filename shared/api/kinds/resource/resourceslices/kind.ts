import type { ResourceSlice } from '../../../types/resource-v1.ts'
import { defineKind } from '../../define.ts'
import { columns, row } from './columns.ts'
import { defaultTaints } from './defaults.ts'
import { validate, validateUpdate } from './validation.ts'

export const resourceSlice = defineKind<ResourceSlice>({
  group: 'resource.k8s.io',
  version: 'v1',
  kind: 'ResourceSlice',
  plural: 'resourceslices',
  namespaced: false,
  generation: true,
  defaults: defaultTaints,
  columns,
  row,
  validate,
  validateUpdate,
  // pkg/apis/resource/v1/conversion.go addConversionFuncs
  selectableFields: {
    'spec.driver': ({ spec }) => spec.driver ?? '',
    'spec.nodeName': ({ spec }) => spec.nodeName ?? '',
  },
})
