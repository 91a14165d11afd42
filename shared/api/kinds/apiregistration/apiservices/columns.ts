import type { APIService } from '../../../types/apiregistration-v1.ts'
import type { Cell, Column } from '../../kind.ts'
import { age, ageColumn, column, nameColumn } from '../../printing.ts'

export const columns: readonly Column[] = [
  nameColumn,
  column('Service', 'Service that serves the group and version.'),
  column('Available', 'Whether it can be reached.'),
  ageColumn,
]

// kube-aggregator/pkg/registry/apiservice/rest.go ConvertToTable
export function row(obj: APIService, now: number): Cell[] {
  const service = obj.spec.service
  const available = obj.status?.conditions?.find((condition) => condition.type === 'Available')
  const state = available?.status ?? 'Unknown'
  return [
    obj.metadata.name ?? '',
    service ? `${service.namespace}/${service.name}` : 'Local',
    state === 'True' ? state : available?.reason ? `${state} (${available.reason})` : state,
    age(obj, now),
  ]
}
