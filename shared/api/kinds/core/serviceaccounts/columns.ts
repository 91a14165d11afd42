import type { ServiceAccount } from '../../../types/core-v1.ts'
import type { Cell, Column } from '../../kind.ts'
import { age, ageColumn, column, nameColumn } from '../../printing.ts'

export const columns: readonly Column[] = [nameColumn, column('Secrets', 'Number of secrets.'), ageColumn]

export function row(obj: ServiceAccount, now: number): Cell[] {
  return [obj.metadata.name ?? '', (obj.secrets ?? []).length, age(obj, now)]
}
