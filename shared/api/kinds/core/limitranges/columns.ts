import type { LimitRange } from '../../../types/core-v1.ts'
import type { Cell, Column } from '../../kind.ts'
import { column, nameColumn } from '../../printing.ts'

// apiserver/pkg/registry/rest/table.go: what kinds without columns of their own have
export const columns: readonly Column[] = [
  nameColumn,
  column('Created At', 'When the object was created.', { type: 'date' }),
]

export function row(obj: LimitRange): Cell[] {
  return [obj.metadata.name ?? '', obj.metadata.creationTimestamp ?? null]
}
