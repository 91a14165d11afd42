import type { ReplicationController } from '../../../types/core-v1.ts'
import type { ScalePaths } from '../../kind.ts'

export const selectableFields: Readonly<Record<string, (obj: ReplicationController) => string>> = {
  'status.replicas': (obj) => `${obj.status?.replicas ?? 0}`,
}

export const scale: ScalePaths = {
  specReplicas: 'spec.replicas',
  statusReplicas: 'status.replicas',
  selector: 'spec.selector',
}
