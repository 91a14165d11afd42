import type { ServiceCIDR } from '../../../types/networking-v1.ts'
import type { Cell, Column } from '../../kind.ts'
import { age, ageColumn, column, nameColumn } from '../../printing.ts'

export const columns: readonly Column[] = [
  nameColumn,
  column('CIDRs', 'Ranges from which cluster IPs are given.'),
  ageColumn,
]

export function row(obj: ServiceCIDR, now: number): Cell[] {
  return [obj.metadata.name ?? '', (obj.spec.cidrs ?? []).join(','), age(obj, now)]
}
