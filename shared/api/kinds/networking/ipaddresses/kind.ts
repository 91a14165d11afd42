import { defineKind } from '../../define.ts'

export const ipAddress = defineKind({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'IPAddress',
  plural: 'ipaddresses',
  namespaced: false,
  shortNames: ['ip'],
  nameRule: 'ipAddress',
})
