import type { APIService } from '../../../types/apiregistration-v1.ts'

// kube-aggregator/pkg/apis/apiregistration/v1/defaults.go SetDefaults_ServiceReference
export function defaults({ spec }: APIService): void {
  if (spec.service !== undefined) spec.service.port ??= 443
}
