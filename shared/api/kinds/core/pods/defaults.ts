import type { Container, Pod } from '../../../types/core-v1.ts'
import { defaultPodSpec } from '../../pod-spec/defaults.ts'

// pkg/apis/core/v1/defaults.go SetDefaults_Pod
export function defaults(pod: Pod): void {
  const { spec } = pod
  if (!spec) return
  defaultPodSpec(spec)
  for (const container of spec.containers ?? []) requestLimits(container)
  for (const container of spec.initContainers ?? []) requestLimits(container)
  const limits = spec.resources?.limits
  if (spec.resources && limits) spec.resources.requests = { ...limits, ...spec.resources.requests }
  spec.enableServiceLinks ??= true
}

// who sets a limit alone requests as much
function requestLimits({ resources }: Container): void {
  if (resources?.limits) resources.requests = { ...resources.limits, ...resources.requests }
}
