import { defineKind } from '../../define.ts'

export const validatingAdmissionPolicy = defineKind({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'ValidatingAdmissionPolicy',
  plural: 'validatingadmissionpolicies',
  namespaced: false,
  categories: ['api-extensions'],
  subresources: ['status'],
  generation: true,
  unconditionalUpdate: false,
})
