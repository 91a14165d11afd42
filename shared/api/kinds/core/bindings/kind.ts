import { defineKind } from '../../define.ts'

export const binding = defineKind({
  group: '',
  version: 'v1',
  kind: 'Binding',
  plural: 'bindings',
  namespaced: true,
  verbs: ['create'],
  virtual: true,
})
