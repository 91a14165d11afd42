import type { Lease } from '../../../types/coordination-v1.ts'
import type { Cell, Column } from '../../kind.ts'
import { age, ageColumn, column, nameColumn } from '../../printing.ts'

export const columns: readonly Column[] = [nameColumn, column('Holder', 'Who holds the lease.'), ageColumn]

export function row(obj: Lease, now: number): Cell[] {
  return [obj.metadata.name ?? '', obj.spec?.holderIdentity ?? '', age(obj, now)]
}
