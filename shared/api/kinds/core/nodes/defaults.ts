import type { Node } from '../../../types/core-v1.ts'
import { canonicalize } from '../../quantities.ts'

// pkg/apis/core/v1/defaults.go SetDefaults_NodeStatus
export function defaults(obj: Node): void {
  obj.spec ??= {}
  const { status, spec } = obj
  // pkg/apis/core/v1/conversion.go: podCIDR and podCIDRs say the same
  if (spec.podCIDR && !spec.podCIDRs) spec.podCIDRs = [spec.podCIDR]
  else if (!spec.podCIDR && spec.podCIDRs?.[0]) spec.podCIDR = spec.podCIDRs[0]
  if (!status) return
  canonicalize(status.capacity)
  canonicalize(status.allocatable)
  if (status.capacity) status.allocatable ??= { ...status.capacity }
}
