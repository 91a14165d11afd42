import type { MutatingAdmissionPolicyBinding } from '../../../types/admissionregistration-v1.ts'
import { defineKind } from '../../define.ts'
import { columns, row } from './columns.ts'
import { defaults } from './defaults.ts'
import { validate } from './validation.ts'

export const mutatingAdmissionPolicyBinding = defineKind<MutatingAdmissionPolicyBinding>({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'MutatingAdmissionPolicyBinding',
  plural: 'mutatingadmissionpolicybindings',
  namespaced: false,
  categories: ['api-extensions'],
  generation: true,
  unconditionalUpdate: false,
  columns,
  row,
  defaults,
  validate,
})
