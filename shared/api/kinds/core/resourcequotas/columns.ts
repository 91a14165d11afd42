import type { ResourceQuota } from '../../../types/core-v1.ts'
import type { Cell, Column } from '../../kind.ts'
import { age, ageColumn, column, nameColumn } from '../../printing.ts'

export const columns: readonly Column[] = [
  nameColumn,
  column('Request', 'What is used, of what may be requested.'),
  column('Limit', 'What is used, of what limits may add up to.'),
  ageColumn,
]

// pkg/printers/internalversion/printers.go printResourceQuota
export function row(obj: ResourceQuota, now: number): Cell[] {
  const requests: string[] = []
  const limits: string[] = []
  for (const name of Object.keys(obj.status?.hard ?? {}).sort()) {
    const text = `${name}: ${obj.status?.used?.[name] ?? '0'}/${obj.status?.hard?.[name]}`
    if (name.startsWith('limits')) limits.push(text)
    else requests.push(text)
  }
  return [obj.metadata.name ?? '', requests.join(', '), limits.join(', '), age(obj, now)]
}
