import type { Service } from '../../../types/core-v1.ts'
import type { Cell, Column } from '../../kind.ts'
import { age, ageColumn, column, formatLabels, ingressAddresses, nameColumn } from '../../printing.ts'

export const columns: readonly Column[] = [
  nameColumn,
  column('Type', 'How the service is exposed.'),
  column('Cluster-IP', 'Address of the service inside the cluster.'),
  column('External-IP', 'Addresses of the service outside the cluster.'),
  column('Port(s)', 'Ports the service has.'),
  ageColumn,
  column('Selector', 'Labels of the pods that serve.', { wide: true }),
]

// pkg/printers/internalversion/printers.go printService
export function row(obj: Service, now: number): Cell[] {
  const { spec } = obj
  const ports = (spec.ports ?? []).map((port) =>
    port.nodePort ? `${port.port}:${port.nodePort}/${port.protocol}` : `${port.port}/${port.protocol}`,
  )
  return [
    obj.metadata.name ?? '',
    spec.type ?? '',
    spec.clusterIPs?.[0] || '<none>',
    externalAddress(obj),
    ports.join(',') || '<none>',
    age(obj, now),
    formatLabels(spec.selector),
  ]
}

function externalAddress({ spec, status }: Service): string {
  const external = spec.externalIPs ?? []
  switch (spec.type) {
    case 'ClusterIP':
    case 'NodePort':
      return external.join(',') || '<none>'
    case 'LoadBalancer':
      return [...ingressAddresses(status?.loadBalancer), ...external].join(',') || '<pending>'
    case 'ExternalName':
      return spec.externalName ?? ''
    default:
      return '<unknown>'
  }
}
