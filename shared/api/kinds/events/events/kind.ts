import { defineKind } from '../../define.ts'

export const eventsEvent = defineKind({
  group: 'events.k8s.io',
  version: 'v1',
  kind: 'Event',
  plural: 'events',
  namespaced: true,
  shortNames: ['ev'],
  nameRule: 'pathSegment',
  createOnUpdate: true,
})
