import type { ValidatingAdmissionPolicyBinding } from '../../../types/admissionregistration-v1.ts'
import { defineKind } from '../../define.ts'
import { columns, row } from './columns.ts'
import { defaults } from './defaults.ts'
import { validate } from './validation.ts'

export const validatingAdmissionPolicyBinding = defineKind<ValidatingAdmissionPolicyBinding>({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'ValidatingAdmissionPolicyBinding',
  plural: 'validatingadmissionpolicybindings',
  namespaced: false,
  categories: ['api-extensions'],
  generation: true,
  unconditionalUpdate: false,
  columns,
  row,
  defaults,
  validate,
})
