import { deepEqual } from '../../../machinery/deep.ts'
import * as field from '../../../machinery/fieldpath.ts'
import { FieldPath, type FieldError } from '../../../machinery/fieldpath.ts'
import { isDNS1035Label, isDNS1123Subdomain } from '../../../machinery/names.ts'
import type {
  MutatingWebhook,
  RuleWithOperations,
  ValidatingWebhook,
  WebhookClientConfig,
} from '../../types/admissionregistration-v1.ts'
import { checkLabelSelector, checkText } from '../checks.ts'
import { checkMatchConditions } from './match-conditions.ts'
import { checkResources } from './rule-resources.ts'
import { checkWebhookService, checkWebhookURL } from './webhook-target.ts'

type Webhook = ValidatingWebhook & Pick<MutatingWebhook, 'reinvocationPolicy'>

const reviewVersions = ['v1', 'v1beta1']
const harmless = ['None', 'NoneOnDryRun']

/** What an update need not mend, because it was so before. */
interface Leniency {
  sideEffects: boolean
  reviewVersions: boolean
  names: boolean
  matchConditions: boolean
}

const strict: Leniency = { sideEffects: false, reviewVersions: false, names: false, matchConditions: false }

/** Everything wrong with the webhooks of a new configuration. */
// pkg/apis/admissionregistration/validation/validation.go validateMutatingWebhookConfiguration
export function validateWebhooks(webhooks: readonly Webhook[] = [], leniency = strict): FieldError[] {
  const errors: FieldError[] = []
  const names = new Set<string>()
  for (const [i, webhook] of webhooks.entries()) {
    const path = new FieldPath('webhooks').index(i)
    checkWebhook(webhook, path, leniency, errors)
    checkReviewVersions(webhook.admissionReviewVersions, path.child('admissionReviewVersions'), leniency, errors)
    if (leniency.names || !webhook.name) continue
    if (names.has(webhook.name)) errors.push(field.duplicate(path.child('name'), webhook.name))
    names.add(webhook.name)
  }
  return errors
}

/** As for a new configuration; what was wrong before may stay so. */
// pkg/apis/admissionregistration/validation/validation.go ValidateMutatingWebhookConfigurationUpdate
export function validateWebhooksUpdate(webhooks: readonly Webhook[] = [], old: readonly Webhook[] = []): FieldError[] {
  return validateWebhooks(webhooks, {
    sideEffects: old.some(({ sideEffects }) => !harmless.includes(sideEffects)),
    reviewVersions: old.some(
      ({ admissionReviewVersions: versions }) =>
        versions?.length > 0 && !versions.some((v) => reviewVersions.includes(v)),
    ),
    names: new Set(old.map(({ name }) => name)).size < old.length,
    matchConditions:
      webhooks.length === old.length &&
      webhooks.every(({ matchConditions }, i) => deepEqual(matchConditions, old[i]?.matchConditions)),
  })
}

function checkWebhook(webhook: Webhook, path: FieldPath, leniency: Leniency, errors: FieldError[]): void {
  checkFullyQualifiedName(webhook.name, path.child('name'), errors)
  for (const [i, rule] of (webhook.rules ?? []).entries()) checkRule(rule, path.child('rules').index(i), errors)
  checkChoice(webhook.failurePolicy, ['Fail', 'Ignore'], path.child('failurePolicy'), errors)
  checkChoice(webhook.matchPolicy, ['Equivalent', 'Exact'], path.child('matchPolicy'), errors)
  const allowed = leniency.sideEffects ? [...harmless, 'Some', 'Unknown'] : harmless
  // the type says that it is there; a client may leave it out all the same
  const sideEffects = webhook.sideEffects as string | undefined
  const at = path.child('sideEffects')
  if (sideEffects === undefined) errors.push(field.required(at, `must specify one of ${allowed.join(', ')}`))
  checkChoice(sideEffects, allowed, at, errors)
  const { timeoutSeconds } = webhook
  if (timeoutSeconds !== undefined && (timeoutSeconds > 30 || timeoutSeconds < 1)) {
    const text = 'the timeout value must be between 1 and 30 seconds'
    errors.push(field.invalid(path.child('timeoutSeconds'), timeoutSeconds, text))
  }
  checkLabelSelector(webhook.namespaceSelector, path.child('namespaceSelector'), errors)
  checkLabelSelector(webhook.objectSelector, path.child('objectSelector'), errors)
  checkChoice(webhook.reinvocationPolicy, ['IfNeeded', 'Never'], path.child('reinvocationPolicy'), errors)
  checkClientConfig(webhook.clientConfig, path.child('clientConfig'), errors)
  if (!leniency.matchConditions) {
    checkMatchConditions(webhook.matchConditions, path.child('matchConditions'), errors)
  }
}

function checkChoice(value: string | undefined, choices: string[], path: FieldPath, errors: FieldError[]): void {
  if (value !== undefined && !choices.includes(value)) errors.push(field.notSupported(path, value, choices))
}

// apimachinery/pkg/util/validation/validation.go IsFullyQualifiedName
function checkFullyQualifiedName(name: string, path: FieldPath, errors: FieldError[]): void {
  if (!name) {
    errors.push(field.required(path))
    return
  }
  const texts = isDNS1123Subdomain(name)
  if (texts.length > 0) errors.push(field.invalid(path, name, texts.join(',')))
  else if (name.split('.').length < 3) {
    errors.push(field.invalid(path, name, 'should be a domain with at least three segments separated by dots'))
  }
}

function checkClientConfig({ url, service }: WebhookClientConfig, path: FieldPath, errors: FieldError[]): void {
  if ((url === undefined) === (service === undefined)) {
    errors.push(field.required(path, 'exactly one of url or service is required'))
  } else if (url !== undefined) checkWebhookURL(url, path.child('url'), errors)
  else if (service) checkWebhookService(service, path.child('service'), errors)
}

// pkg/apis/admissionregistration/validation/validation.go validateAdmissionReviewVersions
function checkReviewVersions(
  versions: readonly string[] | undefined,
  path: FieldPath,
  leniency: Leniency,
  errors: FieldError[],
): void {
  if (!versions?.length) {
    errors.push(field.required(path, `must specify one of ${reviewVersions.join(', ')}`))
    return
  }
  const seen = new Set<string>()
  for (const [i, version] of versions.entries()) {
    if (seen.has(version)) errors.push(field.invalid(path.index(i), version, 'duplicate version'))
    else checkText(version, isDNS1035Label, path.index(i), errors)
    seen.add(version)
  }
  if (!leniency.reviewVersions && !versions.some((version) => reviewVersions.includes(version))) {
    errors.push(field.invalid(path, versions, `must include at least one of ${reviewVersions.join(', ')}`))
  }
}

const operations = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE']

// pkg/apis/admissionregistration/validation/validation.go validateRuleWithOperations
export function checkRule(rule: RuleWithOperations, path: FieldPath, errors: FieldError[]): void {
  checkList(rule.operations, 'operations', path.child('operations'), errors)
  for (const [i, operation] of (rule.operations ?? []).entries()) {
    checkChoice(operation, operations, path.child('operations').index(i), errors)
  }
  checkList(rule.apiGroups, 'API groups', path.child('apiGroups'), errors)
  checkList(rule.apiVersions, 'API versions', path.child('apiVersions'), errors)
  for (const [i, version] of (rule.apiVersions ?? []).entries()) {
    if (version === '') errors.push(field.required(path.child('apiVersions').index(i)))
  }
  checkResources(rule.resources, path.child('resources'), errors)
  checkChoice(rule.scope, ['*', 'Cluster', 'Namespaced'], path.child('scope'), errors)
}

function checkList(list: readonly string[] | undefined, what: string, path: FieldPath, errors: FieldError[]): void {
  if (!list?.length) errors.push(field.required(path))
  else if (list.length > 1 && list.includes('*')) {
    errors.push(field.invalid(path, list, `if '*' is present, must not specify other ${what}`))
  }
}
