import type { Ingress } from '../../../types/networking-v1.ts'
import type { Cell, Column } from '../../kind.ts'
import { age, ageColumn, column, ingressAddresses, nameColumn } from '../../printing.ts'

export const columns: readonly Column[] = [
  nameColumn,
  column('Class', 'IngressClass that is responsible.'),
  column('Hosts', 'Hosts that requests are matched against.'),
  column('Address', 'Addresses of the load balancer.'),
  column('Ports', 'Ports that are open.'),
  ageColumn,
]

// pkg/printers/internalversion/printers.go printIngress
export function row(obj: Ingress, now: number): Cell[] {
  return [
    obj.metadata.name ?? '',
    obj.spec.ingressClassName ?? '<none>',
    hosts(obj),
    ingressAddresses(obj.status?.loadBalancer).join(','),
    (obj.spec.tls ?? []).length > 0 ? '80, 443' : '80',
    age(obj, now),
  ]
}

function hosts({ spec }: Ingress): string {
  const max = 3
  const rules = spec.rules ?? []
  const list: string[] = []
  let more = false
  for (const rule of rules) {
    if (list.length === max) more = true
    else if (rule.host) list.push(rule.host)
  }
  if (list.length === 0) return '*'
  return more ? `${list.join(',')} + ${rules.length - max} more...` : list.join(',')
}
