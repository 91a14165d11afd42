import {
  forbidden,
  invalid,
  notSupported,
  required,
  type FieldError,
  type FieldPath,
} from '../../../../machinery/fieldpath.ts'
import { isDNS1035Label } from '../../../../machinery/names.ts'
import { checkWebhookService, checkWebhookURL } from '../../admissionregistration/webhook-target.ts'
import { caBundleProblem } from './ca-bundle.ts'
import type { CustomResourceConversion, WebhookClientConfig } from '../../../types/apiextensions-v1.ts'

const reviewVersions = ['v1', 'v1beta1']

/** What holds for some definitions only: one that is not established yet may bring any bundle. */
export interface Leniency {
  requireKnown: boolean
  anyBundle: boolean
}

// apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go validateCustomResourceConversion
export function validateConversion(
  { strategy, webhook }: CustomResourceConversion,
  { requireKnown, anyBundle }: Leniency,
  path: FieldPath,
): FieldError[] {
  const errors: FieldError[] = []
  if (!strategy) errors.push(required(path.child('strategy')))
  else if (strategy !== 'None' && strategy !== 'Webhook')
    errors.push(notSupported(path.child('strategy'), strategy, ['None', 'Webhook']))
  const config = webhook?.clientConfig
  const versions = webhook?.conversionReviewVersions ?? []
  const configPath = path.child('webhookClientConfig')
  const versionsPath = path.child('conversionReviewVersions')
  if (strategy !== 'Webhook') {
    const text = 'should not be set when strategy is not set to Webhook'
    if (config) errors.push(forbidden(configPath, text))
    if (versions.length > 0) errors.push(forbidden(versionsPath, text))
    return errors
  }
  if (!config) errors.push(required(configPath, 'required when strategy is set to Webhook'))
  else checkClientConfig(config, anyBundle, configPath, errors)
  return errors.concat(validateReviewVersions(versions, requireKnown, versionsPath))
}

function checkClientConfig(
  { url, service, caBundle }: WebhookClientConfig,
  anyBundle: boolean,
  path: FieldPath,
  errors: FieldError[],
): void {
  if ((url === undefined) === (service === undefined))
    errors.push(required(path, 'exactly one of url or service is required'))
  else if (url !== undefined) checkWebhookURL(url, path.child('url'), errors)
  else if (service)
    // upstream hands the two over in the wrong order, and clients see what comes of it
    checkWebhookService({ ...service, namespace: service.name, name: service.namespace }, path.child('service'), errors)
  const problem = caBundle && !anyBundle ? caBundleProblem(caBundle) : undefined
  if (problem) errors.push(invalid(path.child('caBundle'), caBundle, problem))
}

function validateReviewVersions(versions: readonly string[], requireKnown: boolean, path: FieldPath): FieldError[] {
  if (versions.length === 0) return [required(path)]
  const errors: FieldError[] = []
  for (const [i, version] of versions.entries()) {
    if (versions.indexOf(version) < i) errors.push(invalid(path.index(i), version, 'duplicate version'))
    else for (const text of isDNS1035Label(version)) errors.push(invalid(path.index(i), version, text))
  }
  if (requireKnown && !hasKnownReviewVersion(versions))
    errors.push(invalid(path, versions, `must include at least one of ${reviewVersions.join(', ')}`))
  return errors
}

/** Can the apiserver talk to a webhook that understands these versions of ConversionReview? */
export function hasKnownReviewVersion(versions: readonly string[]): boolean {
  return versions.some((version) => reviewVersions.includes(version))
}
