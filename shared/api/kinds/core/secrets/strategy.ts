import type { Secret } from '../../../types/core-v1.ts'

// pkg/registry/core/secret/strategy.go PrepareForUpdate: who leaves the type out does not mean Opaque
export function prepareForUpdate(secret: Secret, old: Secret): void {
  if (!secret.type && old.type) secret.type = old.type
}
