import type { ServiceAccount } from '../../../types/core-v1.ts'

const mountable = 'kubernetes.io/enforce-mountable-secrets'

// pkg/registry/core/serviceaccount/strategy.go WarningsOnCreate, WarningsOnUpdate
export function warningsOf(obj: ServiceAccount, old?: ServiceAccount): string[] {
  if (obj.metadata.annotations?.[mountable] === undefined || old?.metadata.annotations?.[mountable] !== undefined)
    return []
  const advice = 'prefer separate namespaces to isolate access to mounted secrets'
  return [`metadata.annotations[${mountable}]: deprecated in v1.32+; ${advice}`]
}
