import type { Endpoints } from '../../../types/core-v1.ts'

// pkg/apis/core/v1/defaults.go SetDefaults_Endpoints
export function defaults(obj: Endpoints): void {
  for (const subset of obj.subsets ?? []) for (const port of subset.ports ?? []) port.protocol ||= 'TCP'
}
