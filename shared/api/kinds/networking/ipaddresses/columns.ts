import type { IPAddress } from '../../../types/networking-v1.ts'
import type { Cell, Column } from '../../kind.ts'
import { age, ageColumn, column, nameColumn } from '../../printing.ts'

export const columns: readonly Column[] = [nameColumn, column('ParentRef', 'Object that holds the address.'), ageColumn]

// pkg/printers/internalversion/printers.go printIPAddress
export function row(obj: IPAddress, now: number): Cell[] {
  const parent = obj.spec.parentRef
  const resource = parent?.group ? `${parent.resource}.${parent.group}` : (parent?.resource ?? '')
  const name = parent?.namespace ? `${parent.namespace}/${parent.name}` : (parent?.name ?? '')
  return [obj.metadata.name ?? '', parent ? `${resource}/${name}` : '<none>', age(obj, now)]
}
