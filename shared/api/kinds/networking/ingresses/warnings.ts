import type { Ingress } from '../../../types/networking-v1.ts'

const annotation = 'kubernetes.io/ingress.class'

// pkg/registry/networking/ingress/strategy.go WarningsOnCreate
export function warningsOf({ metadata }: Ingress, old?: Ingress): string[] {
  if (old || metadata.annotations?.[annotation] === undefined) return []
  return [`annotation "${annotation}" is deprecated, please use 'spec.ingressClassName' instead`]
}
