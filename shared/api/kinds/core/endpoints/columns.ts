import type { Endpoints } from '../../../types/core-v1.ts'
import type { Cell, Column } from '../../kind.ts'
import { age, ageColumn, column, firstFew, nameColumn } from '../../printing.ts'

export const columns: readonly Column[] = [
  nameColumn,
  column('Endpoints', 'Addresses and ports that serve.'),
  ageColumn,
]

// pkg/printers/internalversion/printers.go formatEndpoints
export function row(obj: Endpoints, now: number): Cell[] {
  const all: string[] = []
  for (const { addresses, ports } of obj.subsets ?? []) {
    if (!ports || ports.length === 0) for (const { ip } of addresses ?? []) all.push(ip)
    for (const { port } of ports ?? [])
      for (const { ip } of addresses ?? []) all.push(ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`)
  }
  const none = (obj.subsets ?? []).length === 0
  return [obj.metadata.name ?? '', none ? '<none>' : firstFew(all, 3), age(obj, now)]
}
