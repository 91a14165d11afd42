import type { IPAddress } from '../../../types/networking-v1.ts'
import { defineKind } from '../../define.ts'
import { columns, row } from './columns.ts'
import { validate, validateUpdate } from './validation.ts'

export const ipAddress = defineKind<IPAddress>({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'IPAddress',
  plural: 'ipaddresses',
  namespaced: false,
  shortNames: ['ip'],
  nameRule: 'ipAddress',
  columns,
  row,
  createOnUpdate: true,
  unconditionalUpdate: false,
  validate,
  validateUpdate,
})
