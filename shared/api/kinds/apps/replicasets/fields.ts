import type { ReplicaSet } from '../../../types/apps-v1.ts'

export { scale } from '../scale.ts'

export const selectableFields: Readonly<Record<string, (obj: ReplicaSet) => string>> = {
  'status.replicas': (obj) => `${obj.status?.replicas ?? 0}`,
}
