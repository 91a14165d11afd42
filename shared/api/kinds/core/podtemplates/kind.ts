import type { PodTemplate } from '../../../types/core-v1.ts'
import { defineKind } from '../../define.ts'
import { columns, row } from './columns.ts'
import { defaults } from './defaults.ts'
import { validate } from './validation.ts'
import { warningsOf } from './warnings.ts'

export const podTemplate = defineKind<PodTemplate>({
  group: '',
  version: 'v1',
  kind: 'PodTemplate',
  plural: 'podtemplates',
  namespaced: true,
  generation: true,
  columns,
  row,
  defaults,
  validate,
  warningsOf,
})
