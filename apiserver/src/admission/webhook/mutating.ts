import { mutatingWebhookConfigurations } from '@kubets/shared/api/resources.gen.ts'
import { clone, deepEqual } from '@kubets/shared/machinery/deep.ts'
import { internal, timeout } from '@kubets/shared/machinery/errors.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import { jsonPatch } from '@kubets/shared/machinery/patch/json-patch.ts'
import { quote } from '@kubets/shared/machinery/quote.ts'
import type { Authorizer } from '../../auth/attributes.ts'
import type { Plugin } from '../plugin.ts'
import { callWebhook, underPolicy, type Calls } from './call.ts'
import { meetsConditions } from './conditions.ts'
import { hooksOf, type Hook } from './hooks.ts'
import { isExempt } from './matches.ts'
import { CallError } from './refusals.ts'
import { gvkOf, type Verdict } from './review.ts'
import { attributesOf, selectKind, type Selection } from './select.ts'
import { matchedBy, Subject } from './subject.ts'
import { redecode } from './versions.ts'

/** Asks webhooks to change what is to be stored, one after another. */
// apiserver/pkg/admission/plugin/webhook/mutating/dispatcher.go mutatingDispatcher.Dispatch
export function mutatingWebhooks(parts: Selection & Calls & { authorizer: Authorizer }): Plugin {
  return {
    connects: true,
    async mutate(request, reinvocation) {
      const { kind, signal } = request
      const hooks = hooksOf(parts.lookup.list(mutatingWebhookConfigurations))
      if (hooks.length === 0 || isExempt(kind.group, kind.plural)) return
      reinvocation.begin(request.object)
      const subject = new Subject(request)
      for (const [index, hook] of hooks.entries()) {
        const wanted = await selectKind(hook, kind, attributesOf(subject.asRequested()), parts)
        if (wanted === undefined || reinvocation.skips(hook.uid)) continue
        await subject.become(wanted)
        if (!meetsConditions(hook, matchedBy(subject), parts.authorizer)) continue
        const where = `round_${reinvocation.round}_index_${index}`
        const changed = await underPolicy(hook, 'admit', request, parts, () => callAndPatch(hook, subject, parts))
        const annotation = { configuration: hook.configuration, webhook: hook.webhook.name, mutated: changed ?? false }
        request.annotate(`mutation.webhook.admission.k8s.io/${where}`, JSON.stringify(annotation))
        if (changed) {
          reinvocation.changed()
          reinvocation.needed = true
        }
        if (hook.webhook.reinvocationPolicy === 'IfNeeded') reinvocation.called(hook.uid)
        if (changed !== undefined) continue
        request.annotate(`failed-open.mutation.webhook.admission.k8s.io/${where}`, hook.webhook.name)
        if (signal.aborted) throw timeout('request did not complete within requested timeout')
      }
      await subject.writeBack()
      reinvocation.end(request.object)
    },
  }
}

/** Whether the webhook has changed the object. */
async function callAndPatch(hook: Hook, subject: Subject, { clients }: Calls): Promise<boolean> {
  const { request, kind, object, old } = subject
  const { group, version, plural } = kind
  const invocation = {
    kind: gvkOf(object ?? old) ?? { group, version, kind: kind.kind },
    resource: { group, version, resource: plural },
    ...(object ? { object } : {}),
    ...(old ? { old } : {}),
  }
  const verdict = await callWebhook(hook, true, request, invocation, clients)
  const patch = parsePatch(hook, verdict)
  if (patch.length === 0) return false
  const { name } = hook.webhook
  if (object === undefined) {
    const text = `admission webhook ${quote(name)} attempted to modify the object, which is not supported for this operation`
    throw internal(new Error(text))
  }
  if (verdict.patchType !== 'JSONPatch') {
    throw new CallError(name, `unsupported patch type ${quote(verdict.patchType)}`, 400)
  }
  let next: KubeObject
  try {
    next = redecode(jsonPatch(clone(object), patch), object, kind)
  } catch (error) {
    // what a webhook gets wrong is not the client's mistake
    throw internal(error)
  }
  const changed = !deepEqual(next, object)
  subject.replace(next)
  return changed
}

function parsePatch({ webhook }: Hook, { patch }: Verdict): unknown[] {
  if (patch === '') return []
  let problem = 'json: cannot unmarshal object into Go value of type jsonpatch.Patch'
  try {
    const value: unknown = JSON.parse(patch)
    if (Array.isArray(value)) return value
    if (value === null) return []
  } catch (error) {
    problem = (error as Error).message
  }
  throw new CallError(webhook.name, `received undecodable patch in webhook response: ${problem}`, 503)
}
