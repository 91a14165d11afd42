import type { CSIDriver } from '../../../types/storage-v1.ts'
import type { Cell, Column } from '../../kind.ts'
import { age, ageColumn, column, nameColumn } from '../../printing.ts'

export const columns: readonly Column[] = [
  nameColumn,
  column('AttachRequired', 'Whether volumes must be attached first.', { type: 'boolean' }),
  column('PodInfoOnMount', 'Whether the driver is told about the pod.', { type: 'boolean' }),
  column('StorageCapacity', 'Whether the driver tells what is free.', { type: 'boolean' }),
  column('TokenRequests', 'Audiences of the tokens the driver gets.'),
  column('RequiresRepublish', 'Whether volumes are published again and again.', { type: 'boolean' }),
  column('Modes', 'Kinds of volume the driver has.'),
  ageColumn,
]

// pkg/printers/internalversion/printers.go printCSIDriver
export function row(obj: CSIDriver, now: number): Cell[] {
  const { spec } = obj
  const tokens = (spec.tokenRequests ?? []).map((request) => request.audience ?? '')
  return [
    obj.metadata.name ?? '',
    spec.attachRequired ?? true,
    spec.podInfoOnMount ?? false,
    spec.storageCapacity ?? false,
    tokens.length === 0 ? '<unset>' : tokens.join(','),
    spec.requiresRepublish ?? false,
    (spec.volumeLifecycleModes ?? []).join(',') || '<none>',
    age(obj, now),
  ]
}
