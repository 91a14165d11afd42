import type { PriorityLevelConfiguration } from '../../../types/flowcontrol-v1.ts'
import type { Cell, Column } from '../../kind.ts'
import { age, ageColumn, column, nameColumn } from '../../printing.ts'

export const columns: readonly Column[] = [
  nameColumn,
  column('Type', 'Limited or Exempt.'),
  column('NominalConcurrencyShares', 'Share of the concurrency.'),
  column('Queues', 'Number of queues.'),
  column('HandSize', 'Number of queues a flow may use.'),
  column('QueueLengthLimit', 'Requests a queue holds.'),
  ageColumn,
]

export function row(obj: PriorityLevelConfiguration, now: number): Cell[] {
  return [
    obj.metadata.name ?? '',
    obj.spec?.type ?? '',
    (obj.spec?.limited ?? obj.spec?.exempt)?.nominalConcurrencyShares ?? '<none>',
    obj.spec?.limited?.limitResponse?.queuing?.queues ?? '<none>',
    obj.spec?.limited?.limitResponse?.queuing?.handSize ?? '<none>',
    obj.spec?.limited?.limitResponse?.queuing?.queueLengthLimit ?? '<none>',
    age(obj, now),
  ]
}
