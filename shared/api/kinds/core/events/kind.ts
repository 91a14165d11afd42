import { defineKind } from '../../define.ts'

export const event = defineKind({
  group: '',
  version: 'v1',
  kind: 'Event',
  plural: 'events',
  namespaced: true,
  shortNames: ['ev'],
  nameRule: 'pathSegment',
  createOnUpdate: true,
})
