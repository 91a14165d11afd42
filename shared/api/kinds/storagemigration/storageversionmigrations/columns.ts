import type { StorageVersionMigration } from '../../../types/storagemigration-v1beta1.ts'
import type { Cell, Column } from '../../kind.ts'
import { column, nameColumn } from '../../printing.ts'

export const columns: readonly Column[] = [nameColumn, column('Resource', 'What is written again, as resource.group.')]

// pkg/printers/internalversion/printers.go printStorageVersionMigration
export function row(obj: StorageVersionMigration): Cell[] {
  const { group = '', resource = '' } = obj.spec?.resource ?? {}
  return [obj.metadata.name ?? '', group === '' ? resource : `${resource}.${group}`]
}
