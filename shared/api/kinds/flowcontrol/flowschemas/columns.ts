import type { FlowSchema } from '../../../types/flowcontrol-v1.ts'
import type { Cell, Column } from '../../kind.ts'
import { age, ageColumn, column, nameColumn } from '../../printing.ts'

export const columns: readonly Column[] = [
  nameColumn,
  column('PriorityLevel', 'Priority level of the requests.'),
  column('MatchingPrecedence', 'Which schema wins; lower is first.'),
  column('DistinguisherMethod', 'What tells flows apart.'),
  ageColumn,
  column('MissingPL', 'Whether the priority level does not exist.'),
]

export function row(obj: FlowSchema, now: number): Cell[] {
  return [
    obj.metadata.name ?? '',
    obj.spec?.priorityLevelConfiguration?.name ?? '',
    obj.spec?.matchingPrecedence ?? 0,
    obj.spec?.distinguisherMethod?.type ?? '<none>',
    age(obj, now),
    obj.status?.conditions?.find((condition) => condition.type === 'Dangling')?.status ?? '?',
  ]
}
