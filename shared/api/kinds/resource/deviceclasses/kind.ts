import type { DeviceClass } from '../../../types/resource-v1.ts'
import { defineKind } from '../../define.ts'
import { validate } from './validation.ts'

export const deviceClass = defineKind<DeviceClass>({
  group: 'resource.k8s.io',
  version: 'v1',
  kind: 'DeviceClass',
  plural: 'deviceclasses',
  namespaced: false,
  generation: true,
  validate: (obj) => validate(obj),
  validateUpdate: validate,
})
