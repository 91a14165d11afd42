import type { CustomResourceDefinition } from '../../../types/apiextensions-v1.ts'

// apiextensions-apiserver/pkg/apis/apiextensions/v1/defaults.go
export function defaults({ spec }: CustomResourceDefinition): void {
  const { names } = spec
  if (names) {
    names.singular ||= (names.kind ?? '').toLowerCase()
    names.listKind ||= names.kind ? `${names.kind}List` : ''
  }
  spec.conversion ??= { strategy: 'None' }
}
