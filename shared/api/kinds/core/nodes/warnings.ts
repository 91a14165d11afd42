import type { Node } from '../../../types/core-v1.ts'

// pkg/registry/core/node/strategy.go fieldIsDeprecatedWarnings
export function warningsOf({ spec }: Node): string[] {
  const found: string[] = []
  if (spec.configSource) found.push('spec.configSource: the feature is removed')
  if (spec.externalID) found.push('spec.externalID: this field is deprecated, and is unused by Kubernetes')
  return found
}
