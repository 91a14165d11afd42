import type { ConfigMap } from '../../../types/core-v1.ts'
import type { Cell, Column } from '../../kind.ts'
import { age, ageColumn, column, nameColumn } from '../../printing.ts'

export const columns: readonly Column[] = [nameColumn, column('Data', 'Number of entries.'), ageColumn]

export function row(obj: ConfigMap, now: number): Cell[] {
  const entries = Object.keys(obj.data ?? {}).length + Object.keys(obj.binaryData ?? {}).length
  return [obj.metadata.name ?? '', entries, age(obj, now)]
}
