import type { PodDisruptionBudget } from '../../../types/policy-v1.ts'
import type { Cell, Column } from '../../kind.ts'
import { age, ageColumn, column, nameColumn } from '../../printing.ts'

export const columns: readonly Column[] = [
  nameColumn,
  column('Min Available', 'The minimum number of pods that must be available.'),
  column('Max Unavailable', 'The maximum number of pods that may be unavailable.'),
  column('Allowed Disruptions', 'How many pods may be disrupted now.', { type: 'integer' }),
  ageColumn,
]

export function row(obj: PodDisruptionBudget, now: number): Cell[] {
  return [
    obj.metadata.name ?? '',
    text(obj.spec.minAvailable),
    text(obj.spec.maxUnavailable),
    obj.status?.disruptionsAllowed ?? 0,
    age(obj, now),
  ]
}

const text = (value: number | string | undefined) => (value === undefined ? 'N/A' : `${value}`)
