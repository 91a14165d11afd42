import { defineKind } from '../../define.ts'

export const selfSubjectAccessReview = defineKind({
  group: 'authorization.k8s.io',
  version: 'v1',
  kind: 'SelfSubjectAccessReview',
  plural: 'selfsubjectaccessreviews',
  namespaced: false,
  verbs: ['create'],
  virtual: true,
})
