import type { EndpointSlice } from '../../../types/discovery-v1.ts'
import type { Cell, Column } from '../../kind.ts'
import { age, ageColumn, column, firstFew, nameColumn } from '../../printing.ts'

export const columns: readonly Column[] = [
  nameColumn,
  column('AddressType', 'Kind of address in this slice.'),
  column('Ports', 'Ports of each endpoint.'),
  column('Endpoints', 'Addresses in this slice.'),
  ageColumn,
]

export function row(obj: EndpointSlice, now: number): Cell[] {
  const ports = (obj.ports ?? []).map((port) => (port.port ? `${port.port}` : port.name || '*'))
  const addresses = (obj.endpoints ?? []).flatMap((endpoint) => endpoint.addresses ?? [])
  return [
    obj.metadata.name ?? '',
    obj.addressType ?? '',
    firstFew(ports, 3) || '<unset>',
    firstFew(addresses, 3) || '<unset>',
    age(obj, now),
  ]
}
