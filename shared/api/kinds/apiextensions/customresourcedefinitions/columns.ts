import type { KubeObject } from '../../../../machinery/object.ts'
import type { Cell, Column } from '../../kind.ts'
import { column, nameColumn } from '../../printing.ts'

export const columns: readonly Column[] = [
  nameColumn,
  column('Created At', 'When the definition was created.', { type: 'date' }),
]

export function row(obj: KubeObject): Cell[] {
  return [obj.metadata.name ?? '', obj.metadata.creationTimestamp ?? null]
}
