import type { MutatingWebhookConfiguration } from '../../../types/admissionregistration-v1.ts'
import type { Cell, Column } from '../../kind.ts'
import { age, ageColumn, column, nameColumn } from '../../printing.ts'

export const columns: readonly Column[] = [
  nameColumn,
  column('Webhooks', 'Number of webhooks.', { type: 'integer' }),
  ageColumn,
]

export function row(obj: MutatingWebhookConfiguration, now: number): Cell[] {
  return [obj.metadata.name ?? '', (obj.webhooks ?? []).length, age(obj, now)]
}
