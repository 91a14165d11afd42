import type { ValidatingWebhookConfiguration } from '../../../types/admissionregistration-v1.ts'
import { defineKind } from '../../define.ts'
import { validateWebhooks, validateWebhooksUpdate } from '../webhook-validation.ts'
import { columns, row } from './columns.ts'
import { defaults } from './defaults.ts'

export const validatingWebhookConfiguration = defineKind<ValidatingWebhookConfiguration>({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'ValidatingWebhookConfiguration',
  plural: 'validatingwebhookconfigurations',
  namespaced: false,
  categories: ['api-extensions'],
  generation: true,
  unconditionalUpdate: false,
  columns,
  row,
  defaults,
  validate: ({ webhooks }) => validateWebhooks(webhooks),
  validateUpdate: ({ webhooks }, old) => validateWebhooksUpdate(webhooks, old.webhooks),
})
