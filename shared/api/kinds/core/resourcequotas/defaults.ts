import type { ResourceQuota } from '../../../types/core-v1.ts'
import { canonicalize } from '../../quantities.ts'

export function defaults(obj: ResourceQuota): void {
  canonicalize(obj.spec?.hard)
  canonicalize(obj.status?.hard)
  canonicalize(obj.status?.used)
}
