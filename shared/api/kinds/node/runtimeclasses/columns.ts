import type { RuntimeClass } from '../../../types/node-v1.ts'
import type { Cell, Column } from '../../kind.ts'
import { age, ageColumn, column, nameColumn } from '../../printing.ts'

export const columns: readonly Column[] = [
  nameColumn,
  column('Handler', 'Configuration of the container runtime.'),
  ageColumn,
]

export function row(obj: RuntimeClass, now: number): Cell[] {
  return [obj.metadata.name ?? '', obj.handler ?? '', age(obj, now)]
}
