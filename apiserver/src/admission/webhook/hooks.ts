import type {
  MutatingWebhook,
  MutatingWebhookConfiguration,
  ValidatingWebhook,
  ValidatingWebhookConfiguration,
} from '@kubets/shared/api/types/admissionregistration-v1.ts'
import { labelSelectorFromObject, type Selector } from '@kubets/shared/machinery/selector.ts'
import { type CompiledCondition, compileConditions } from '../match-conditions.ts'

export type Webhook = ValidatingWebhook & Pick<MutatingWebhook, 'reinvocationPolicy'>

/** A webhook of a configuration, with what is computed of it once. */
export interface Hook {
  webhook: Webhook
  /** The name of its configuration. */
  configuration: string
  /** Tells hooks apart, also those of one name. */
  uid: string
  namespaceSelector: Selector
  objectSelector: Selector
  conditions: readonly CompiledCondition[]
}

type Configuration = ValidatingWebhookConfiguration | MutatingWebhookConfiguration

/** Objects of the cache stay the same until they change, and so does what was made of them. */
const made = new WeakMap<Configuration, readonly Hook[]>()

/** The hooks of all configurations, in the order in which they are asked: by the configurations' names. */
// apiserver/pkg/admission/configuration/mutating_webhook_manager.go
export function hooksOf(configurations: readonly Configuration[]): readonly Hook[] {
  const name = ({ metadata }: Configuration): string => metadata.name ?? ''
  return configurations
    .toSorted((a, b) => (name(a) < name(b) ? -1 : 1))
    .flatMap((configuration) => {
      const known = made.get(configuration) ?? compile(configuration)
      made.set(configuration, known)
      return known
    })
}

function compile({ metadata, webhooks = [] }: Configuration): readonly Hook[] {
  const configuration = metadata.name ?? ''
  return webhooks.map((webhook, index) => ({
    webhook,
    configuration,
    uid: `${configuration}/${webhook.name}/${index}`,
    namespaceSelector: labelSelectorFromObject(webhook.namespaceSelector ?? {}),
    objectSelector: labelSelectorFromObject(webhook.objectSelector ?? {}),
    conditions: compileConditions(webhook.matchConditions),
  }))
}
