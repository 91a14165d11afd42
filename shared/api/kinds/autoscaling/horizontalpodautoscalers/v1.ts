import type { HorizontalPodAutoscaler } from '../../../types/autoscaling-v1.ts'
import type { HorizontalPodAutoscaler as V2 } from '../../../types/autoscaling-v2.ts'
import { defineKind } from '../../define.ts'
import type { StoredAs } from '../../kind.ts'
import { columns, row } from './columns.ts'
import { toV1, toV2 } from './convert.ts'
import { validate, validateStatusUpdate } from './validation.ts'

const storedAs: StoredAs = {
  group: 'autoscaling',
  version: 'v2',
  plural: 'horizontalpodautoscalers',
  kind: 'HorizontalPodAutoscaler',
  from: (stored) => toV1(stored as V2),
  to: (obj) => toV2(obj as HorizontalPodAutoscaler),
}

export const horizontalPodAutoscalerV1 = defineKind<HorizontalPodAutoscaler>({
  group: 'autoscaling',
  version: 'v1',
  kind: 'HorizontalPodAutoscaler',
  plural: 'horizontalpodautoscalers',
  namespaced: true,
  shortNames: ['hpa'],
  categories: ['all'],
  subresources: ['status'],
  storedAs,
  columns,
  row: (obj, now) => row(toV2(obj), now),
  validate: (obj) => validate(toV2(obj)),
  validateStatusUpdate: (obj) => validateStatusUpdate(toV2(obj)),
  // pkg/apis/autoscaling/v1/defaults.go SetDefaults_HorizontalPodAutoscaler
  defaults: ({ spec }) => {
    if (spec) spec.minReplicas ??= 1
  },
})
