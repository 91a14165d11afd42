import type { EndpointSlice } from '../../../types/discovery-v1.ts'

// pkg/apis/discovery/v1/defaults.go SetDefaults_EndpointPort
export function defaults(obj: EndpointSlice): void {
  for (const port of obj.ports ?? []) {
    port.name ??= ''
    port.protocol ??= 'TCP'
  }
}
