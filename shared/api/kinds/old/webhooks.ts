import type { KubeObject } from '../../../machinery/object.ts'

interface OldWebhook {
  failurePolicy?: string
  matchPolicy?: string
  namespaceSelector?: object
  objectSelector?: object
  sideEffects?: string
  timeoutSeconds?: number
  reinvocationPolicy?: string
  admissionReviewVersions?: string[]
  clientConfig?: { service?: { port?: number } }
  rules?: { scope?: string }[]
}

/** Webhooks of v1beta1 fail open, wait longer, and need not say what they do. */
// pkg/apis/admissionregistration/v1beta1/defaults.go
export const webhookDefaults =
  (mutating: boolean) =>
  (obj: KubeObject): void => {
    for (const webhook of (obj as KubeObject & { webhooks?: OldWebhook[] }).webhooks ?? []) {
      webhook.failurePolicy ??= 'Ignore'
      webhook.matchPolicy ??= 'Exact'
      webhook.namespaceSelector ??= {}
      webhook.objectSelector ??= {}
      webhook.sideEffects ??= 'Unknown'
      webhook.timeoutSeconds ??= 30
      if (mutating) webhook.reinvocationPolicy ??= 'Never'
      if ((webhook.admissionReviewVersions ?? []).length === 0) webhook.admissionReviewVersions = ['v1beta1']
      if (webhook.clientConfig?.service) webhook.clientConfig.service.port ??= 443
      for (const rule of webhook.rules ?? []) rule.scope ??= '*'
    }
  }
