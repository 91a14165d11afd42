import type { VolumeAttributesClass } from '../../../types/storage-v1.ts'
import type { Cell, Column } from '../../kind.ts'
import { age, ageColumn, column, nameColumn } from '../../printing.ts'

export const columns: readonly Column[] = [nameColumn, column('DriverName', 'CSI driver of the class.'), ageColumn]

export function row(obj: VolumeAttributesClass, now: number): Cell[] {
  return [obj.metadata.name ?? '', obj.driverName ?? '', age(obj, now)]
}
