import type { Namespace } from '../../../types/core-v1.ts'
import type { Cell, Column } from '../../kind.ts'
import { age, ageColumn, column, nameColumn } from '../../printing.ts'

export const columns: readonly Column[] = [nameColumn, column('Status', 'The status of the namespace.'), ageColumn]

export function row(obj: Namespace, now: number): Cell[] {
  return [obj.metadata.name ?? '', obj.status?.phase ?? '', age(obj, now)]
}
