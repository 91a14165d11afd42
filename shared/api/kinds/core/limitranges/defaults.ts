import type { LimitRange } from '../../../types/core-v1.ts'
import { canonicalize } from '../../quantities.ts'

// pkg/apis/core/v1/defaults.go SetDefaults_LimitRangeItem
export function defaults(obj: LimitRange): void {
  for (const item of obj.spec?.limits ?? []) {
    for (const list of [item.max, item.min, item.default, item.defaultRequest, item.maxLimitRequestRatio])
      canonicalize(list)
    if (item.type !== 'Container') continue
    item.default = { ...item.max, ...item.default }
    item.defaultRequest = { ...item.min, ...item.default, ...item.defaultRequest }
  }
}
