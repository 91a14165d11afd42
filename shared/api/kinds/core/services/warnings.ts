import type { Service } from '../../../types/core-v1.ts'
import { isHeadless } from './facts.ts'

const topologyHints = 'service.kubernetes.io/topology-aware-hints'
const topologyMode = 'service.kubernetes.io/topology-mode'

// pkg/api/service/warnings.go GetWarningsForService
export function warningsOf({ metadata, spec }: Service): string[] {
  const found: string[] = []
  if (metadata.annotations?.[topologyHints] !== undefined)
    found.push(`annotation ${topologyHints} is deprecated, please use ${topologyMode} instead`)
  if (!isHeadless(spec)) return found
  if (spec.loadBalancerIP) found.push('spec.loadBalancerIP is ignored for headless services')
  if ((spec.externalIPs ?? []).length > 0) found.push('spec.externalIPs is ignored for headless services')
  if (spec.sessionAffinity !== 'None') found.push('spec.SessionAffinity is ignored for headless services')
  return found
}
