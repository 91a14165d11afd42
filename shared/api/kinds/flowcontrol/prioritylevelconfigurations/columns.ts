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

// pkg/printers/internalversion/printers.go printPriorityLevelConfiguration
export function row(obj: PriorityLevelConfiguration, now: number): Cell[] {
  const { type, limited } = obj.spec
  const queuing = limited?.limitResponse?.queuing
  return [
    obj.metadata.name ?? '',
    type,
    limited?.nominalConcurrencyShares ?? '<none>',
    queuing?.queues ?? '<none>',
    queuing?.handSize ?? '<none>',
    queuing?.queueLengthLimit ?? '<none>',
    age(obj, now),
  ]
}
