import type { NetworkPolicy } from '../../../types/networking-v1.ts'

// pkg/apis/networking/v1/defaults.go SetDefaults_NetworkPolicy
export function defaults({ spec }: NetworkPolicy): void {
  if (!spec) return
  spec.podSelector ??= {}
  for (const rule of [...(spec.ingress ?? []), ...(spec.egress ?? [])])
    for (const port of rule.ports ?? []) port.protocol ??= 'TCP'
  if ((spec.policyTypes ?? []).length > 0) return
  spec.policyTypes = (spec.egress ?? []).length > 0 ? ['Ingress', 'Egress'] : ['Ingress']
}
