import type { ClusterRole } from '../../../types/rbac-v1.ts'
import type { Cell, Column } from '../../kind.ts'
import { column, nameColumn } from '../../printing.ts'

export const columns: readonly Column[] = [
  nameColumn,
  column('Created At', 'When the role was created.', { type: 'date' }),
]

export function row(obj: ClusterRole): Cell[] {
  return [obj.metadata.name ?? '', obj.metadata.creationTimestamp ?? null]
}
