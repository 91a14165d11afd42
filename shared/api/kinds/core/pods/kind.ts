import type { Pod } from '../../../types/core-v1.ts'
import { defineKind } from '../../define.ts'
import { columns, row } from './columns.ts'
import { defaults } from './defaults.ts'
import { validateStatusUpdate } from './status-validation.ts'
import { validate, validateUpdate } from './validation.ts'
import { prepareForCreate, prepareForStatusUpdate, deletionGracePeriod } from './strategy.ts'
import { selectableFields } from './fields.ts'
import { validateEphemeral } from './ephemeral.ts'
import { validateResize } from './resize.ts'
import { warningsOf } from './warnings.ts'

export const pod = defineKind<Pod>({
  group: '',
  version: 'v1',
  kind: 'Pod',
  plural: 'pods',
  namespaced: true,
  shortNames: ['po'],
  categories: ['all'],
  subresources: [
    'attach',
    'binding',
    'ephemeralcontainers',
    'eviction',
    'exec',
    'log',
    'portforward',
    'proxy',
    'resize',
    'status',
  ],
  generation: true,
  columns,
  row,
  defaults,
  validate,
  validateUpdate,
  validateStatusUpdate,
  validateSubresource: { ephemeralcontainers: validateEphemeral, resize: validateResize },
  prepareForCreate,
  prepareForStatusUpdate,
  deletionGracePeriod,
  selectableFields,
  warningsOf,
})
