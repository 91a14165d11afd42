import { defineKind } from '../../define.ts'
import { columns, row } from './columns.ts'
import { prepareForStatusUpdate } from './strategy.ts'

export const customResourceDefinition = defineKind({
  group: 'apiextensions.k8s.io',
  version: 'v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  namespaced: false,
  shortNames: ['crd', 'crds'],
  categories: ['api-extensions'],
  subresources: ['status'],
  generation: true,
  unconditionalUpdate: false,
  columns,
  row,
  prepareForStatusUpdate,
})
