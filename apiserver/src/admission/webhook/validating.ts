import { validatingWebhookConfigurations } from '@kubets/shared/api/resources.gen.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import { timeout } from '@kubets/shared/machinery/errors.ts'
import type { Kind } from '@kubets/shared/api/kinds/kind.ts'
import type { Authorizer } from '../../auth/attributes.ts'
import type { AdmissionRequest } from '../../registry/types.ts'
import type { Plugin } from '../plugin.ts'
import { callWebhook, underPolicy, type Calls } from './call.ts'
import { meetsConditions } from './conditions.ts'
import { hooksOf, type Hook } from './hooks.ts'
import { isExempt } from './matches.ts'
import { gvkOf, type Invocation } from './review.ts'
import { attributesOf, selectKind, type Selection } from './select.ts'
import { convert } from './versions.ts'

/** Asks webhooks whether the object may be stored, all at once; the first refusal is the answer. */
// apiserver/pkg/admission/plugin/webhook/validating/dispatcher.go validatingDispatcher.Dispatch
export function validatingWebhooks(parts: Selection & Calls & { authorizer: Authorizer }): Plugin {
  return {
    connects: true,
    async validate(request) {
      const { kind, signal } = request
      const hooks = hooksOf(parts.lookup.list(validatingWebhookConfigurations))
      if (hooks.length === 0 || isExempt(kind.group, kind.plural)) return
      const attributes = attributesOf(request)
      const relevant: { hook: Hook; invocation: Invocation }[] = []
      for (const hook of hooks) {
        const wanted = await selectKind(hook, kind, attributes, parts)
        if (wanted === undefined) continue
        const invocation = await invocationOf(request, wanted)
        const { object, old } = invocation
        const matched = { request, kind: wanted, ...(object ? { object } : {}), ...(old ? { old } : {}) }
        if (meetsConditions(hook, matched, parts.authorizer)) relevant.push({ hook, invocation })
      }
      if (relevant.length === 0) return
      if (signal.aborted) throw timeout('request did not complete within requested timeout')
      const refusals: unknown[] = []
      const ask = async ({ hook, invocation }: (typeof relevant)[number], index: number): Promise<void> => {
        try {
          const verdict = await underPolicy(hook, 'validating', request, parts, () =>
            callWebhook(hook, false, request, invocation, parts.clients),
          )
          if (verdict !== undefined) return
          const key = `failed-open.validating.webhook.admission.k8s.io/round_0_index_${index}`
          request.annotate(key, hook.webhook.name)
        } catch (error) {
          refusals.push(error)
        }
      }
      await Promise.all(relevant.map(ask))
      if (refusals.length > 0) throw refusals[0]
    },
  }
}

async function invocationOf({ kind, object, old, signal }: AdmissionRequest, wanted: Kind): Promise<Invocation> {
  const shaped = (one: KubeObject): Promise<KubeObject> => convert(one, kind, wanted, signal)
  const { group, version, plural } = wanted
  const converted = { ...(object ? { object: await shaped(object) } : {}), ...(old ? { old: await shaped(old) } : {}) }
  return {
    kind: gvkOf(converted.object ?? converted.old) ?? { group, version, kind: wanted.kind },
    resource: { group, version, resource: plural },
    ...converted,
  }
}
