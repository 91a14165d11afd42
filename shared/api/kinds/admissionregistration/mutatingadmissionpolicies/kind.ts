import type { MutatingAdmissionPolicy } from '../../../types/admissionregistration-v1.ts'
import { defineKind } from '../../define.ts'
import { columns, row } from './columns.ts'
import { defaults } from './defaults.ts'
import { validate, validateUpdate } from './validation.ts'

export const mutatingAdmissionPolicy = defineKind<MutatingAdmissionPolicy>({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'MutatingAdmissionPolicy',
  plural: 'mutatingadmissionpolicies',
  namespaced: false,
  categories: ['api-extensions'],
  generation: true,
  unconditionalUpdate: false,
  columns,
  row,
  defaults,
  validate,
  validateUpdate,
})
