import type { RuntimeClass } from '../../../types/node-v1.ts'
import { canonicalize } from '../../quantities.ts'

export function defaults(obj: RuntimeClass): void {
  canonicalize(obj.overhead?.podFixed)
}
