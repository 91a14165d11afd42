import type { MutatingWebhookConfiguration } from '../../../types/admissionregistration-v1.ts'
import { defaultWebhook } from '../webhook-defaults.ts'

// pkg/apis/admissionregistration/v1/defaults.go SetDefaults_MutatingWebhook
export function defaults({ webhooks }: MutatingWebhookConfiguration): void {
  for (const webhook of webhooks ?? []) {
    webhook.reinvocationPolicy ??= 'Never'
    defaultWebhook(webhook)
  }
}
