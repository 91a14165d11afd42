import type { ComponentStatus } from '../../../types/core-v1.ts'
import type { Cell, Column } from '../../kind.ts'
import { column, nameColumn } from '../../printing.ts'

export const columns: readonly Column[] = [
  nameColumn,
  column('Status', 'Whether the component is healthy.'),
  column('Message', 'What its health check said.'),
  column('Error', 'Why its health check failed.'),
]

export function row(obj: ComponentStatus): Cell[] {
  const healthy = obj.conditions?.find((condition) => condition.type === 'Healthy')
  const status = healthy ? (healthy.status === 'True' ? 'Healthy' : 'Unhealthy') : 'Unknown'
  return [obj.metadata.name ?? '', status, healthy?.message ?? '', healthy?.error ?? '']
}
