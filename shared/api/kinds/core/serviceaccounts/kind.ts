import type { ServiceAccount } from '../../../types/core-v1.ts'
import { defineKind } from '../../define.ts'
import { columns, row } from './columns.ts'
import { prepareForCreate, prepareForUpdate } from './strategy.ts'
import { warningsOf } from './warnings.ts'

export const serviceAccount = defineKind<ServiceAccount>({
  group: '',
  version: 'v1',
  kind: 'ServiceAccount',
  plural: 'serviceaccounts',
  namespaced: true,
  shortNames: ['sa'],
  subresources: ['token'],
  columns,
  row,
  prepareForCreate,
  prepareForUpdate,
  warningsOf,
})
