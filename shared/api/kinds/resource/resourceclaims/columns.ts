import type { ResourceClaim } from '../../../types/resource-v1.ts'
import type { Cell, Column } from '../../kind.ts'
import { age, ageColumn, column, nameColumn } from '../../printing.ts'

export const columns: readonly Column[] = [nameColumn, column('State', 'Allocation and use of the claim.'), ageColumn]

// pkg/printers/internalversion/printers.go resourceClaimState
export function row(obj: ResourceClaim, now: number): Cell[] {
  const states: string[] = []
  if (obj.metadata.deletionTimestamp) states.push('deleted')
  if (obj.status?.allocation) states.push('allocated')
  else if (!obj.metadata.deletionTimestamp) states.push('pending')
  if ((obj.status?.reservedFor ?? []).length > 0) states.push('reserved')
  return [obj.metadata.name ?? '', states.join(','), age(obj, now)]
}
