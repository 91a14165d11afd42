import type { MutatingWebhook, ValidatingWebhook } from '../../types/admissionregistration-v1.ts'

// pkg/apis/admissionregistration/v1/defaults.go SetDefaults_ValidatingWebhook, SetDefaults_ServiceReference, SetDefaults_Rule
export function defaultWebhook(webhook: ValidatingWebhook | MutatingWebhook): void {
  webhook.failurePolicy ??= 'Fail'
  webhook.matchPolicy ??= 'Equivalent'
  webhook.namespaceSelector ??= {}
  webhook.objectSelector ??= {}
  webhook.timeoutSeconds ??= 10
  const { service } = webhook.clientConfig
  if (service) service.port ??= 443
  for (const rule of webhook.rules ?? []) rule.scope ??= '*'
}
