import type { KubeObject } from '../../../../machinery/object.ts'
import type { Scale } from '../../../types/autoscaling-v1.ts'
import type { Cell, Column } from '../../kind.ts'
import { age, ageColumn, column, nameColumn } from '../../printing.ts'

/** How the scale of a built-in kind is printed: it is a subresource of several kinds, and none itself. */
export const printedScale = {
  columns: [
    { ...nameColumn, format: '' },
    column('Desired', 'Number of instances that are wanted.', { type: 'integer' }),
    column('Available', 'Number of instances that there are.', { type: 'integer' }),
    ageColumn,
  ] satisfies readonly Column[],
  // pkg/printers/internalversion/printers.go printScale
  row(obj: KubeObject, now: number): Cell[] {
    const { metadata, spec, status } = obj as Scale
    return [metadata.name ?? '', spec?.replicas ?? 0, status?.replicas ?? 0, age(obj, now)]
  },
}
