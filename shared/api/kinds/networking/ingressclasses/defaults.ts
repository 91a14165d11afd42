import type { IngressClass } from '../../../types/networking-v1.ts'

// pkg/apis/networking/v1/defaults.go SetDefaults_IngressClass
export function defaults(obj: IngressClass): void {
  const parameters = obj.spec?.parameters
  if (parameters) parameters.scope ??= 'Cluster'
}
