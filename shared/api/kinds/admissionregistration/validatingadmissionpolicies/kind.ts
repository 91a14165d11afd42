import type { ValidatingAdmissionPolicy } from '../../../types/admissionregistration-v1.ts'
import { defineKind } from '../../define.ts'
import { columns, row } from './columns.ts'
import { defaults } from './defaults.ts'
import { validate, validateUpdate } from './validation.ts'

export const validatingAdmissionPolicy = defineKind<ValidatingAdmissionPolicy>({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'ValidatingAdmissionPolicy',
  plural: 'validatingadmissionpolicies',
  namespaced: false,
  categories: ['api-extensions'],
  subresources: ['status'],
  generation: true,
  unconditionalUpdate: false,
  columns,
  row,
  defaults,
  validate,
  validateUpdate,
})
