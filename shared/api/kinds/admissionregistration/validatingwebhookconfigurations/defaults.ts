import type { ValidatingWebhookConfiguration } from '../../../types/admissionregistration-v1.ts'
import { defaultWebhook } from '../webhook-defaults.ts'

export function defaults({ webhooks }: ValidatingWebhookConfiguration): void {
  for (const webhook of webhooks ?? []) defaultWebhook(webhook)
}
