import type { Secret } from '../../../types/core-v1.ts'

export const selectableFields: Readonly<Record<string, (secret: Secret) => string>> = {
  type: (secret) => secret.type ?? '',
}
