import type { Namespace } from '../../../types/core-v1.ts'

export const selectableFields: Readonly<Record<string, (namespace: Namespace) => string>> = {
  'status.phase': (namespace) => namespace.status?.phase ?? '',
}
