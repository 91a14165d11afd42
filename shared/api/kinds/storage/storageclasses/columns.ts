import type { StorageClass } from '../../../types/storage-v1.ts'
import { defaultClassMarks } from '../../../volume-binding.ts'
import type { Cell, Column } from '../../kind.ts'
import { age, ageColumn, column, nameColumn } from '../../printing.ts'

export const columns: readonly Column[] = [
  nameColumn,
  column('Provisioner', 'Who makes volumes of this class.'),
  column('ReclaimPolicy', 'What happens to a volume when its claim goes.'),
  column('VolumeBindingMode', 'When a claim is bound.'),
  column('AllowVolumeExpansion', 'Whether volumes can grow.'),
  ageColumn,
]

// pkg/printers/internalversion/printers.go printStorageClass
export function row(obj: StorageClass, now: number): Cell[] {
  const isDefault = defaultClassMarks.some((mark) => obj.metadata.annotations?.[mark] === 'true')
  return [
    isDefault ? `${obj.metadata.name} (default)` : (obj.metadata.name ?? ''),
    obj.provisioner ?? '',
    obj.reclaimPolicy ?? 'Delete',
    obj.volumeBindingMode ?? 'Immediate',
    obj.allowVolumeExpansion ?? false,
    age(obj, now),
  ]
}
