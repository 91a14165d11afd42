import { randomUUID } from 'node:crypto'
import type { CustomResourceDefinition } from '@kubets/shared/api/types/apiextensions-v1.ts'
import { checkAnnotations, checkLabels } from '@kubets/shared/api/kinds/meta.ts'
import { clone } from '@kubets/shared/machinery/deep.ts'
import { internal } from '@kubets/shared/machinery/errors.ts'
import { errorText, FieldPath, type FieldError } from '@kubets/shared/machinery/fieldpath.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import { isObject, type Json } from '@kubets/shared/machinery/patch/json-object.ts'
import { quote } from '@kubets/shared/machinery/quote.ts'
import type { HookClients } from '../webhook/client.ts'
import type { Convert } from './conversion.ts'

// client-go/rest/request.go: the client of conversion webhooks
const timeoutSeconds = 30

/** Asks the definition's webhook; undefined where versions differ in name only. */
// apiextensions-apiserver/pkg/apiserver/conversion/webhook_converter.go webhookConverter.Convert
export function webhookConversion({ spec }: CustomResourceDefinition, hooks: HookClients): Convert | undefined {
  const webhook = spec.conversion?.strategy === 'Webhook' ? spec.conversion.webhook : undefined
  const { clientConfig, conversionReviewVersions = [] } = webhook ?? {}
  if (!clientConfig) return undefined
  return async (objects, apiVersion, signal) => {
    const reviewVersion = conversionReviewVersions.find((version) => version === 'v1' || version === 'v1beta1')
    if (reviewVersion === undefined) throw internal('no supported conversion review versions')
    const uid = randomUUID()
    const review = {
      kind: 'ConversionReview',
      apiVersion: `apiextensions.k8s.io/${reviewVersion}`,
      request: { uid, desiredAPIVersion: apiVersion, objects },
    }
    const [first] = objects
    // what the first of a list is stands for all of it
    const [group = '', version = ''] = (first?.apiVersion ?? '').split('/')
    const about = `conversion webhook for ${group}/${version}, Kind=${first?.kind ?? ''}`
    let converted: unknown[]
    try {
      const answer = await hooks.hook(clientConfig).post(review, { timeoutSeconds, signal })
      converted = convertedObjects(answer, reviewVersion, uid)
    } catch (error) {
      throw internal(`${about} failed: ${error instanceof Error ? error.message : String(error)}`)
    }
    if (converted.length !== objects.length)
      throw internal(`${about} returned ${String(converted.length)} objects, expected ${String(objects.length)}`)
    return objects.map((original, i) => {
      try {
        return accepted(original, converted[i], apiVersion)
      } catch (error) {
        const text = error instanceof Error ? error.message : String(error)
        throw internal(`${about} returned invalid converted object at index ${String(i)}: ${text}`)
      }
    })
  }
}

/** What a webhook answered. Throws an Error with upstream's words for an answer that is none. */
// getConvertedObjectsFromResponse
export function convertedObjects(answer: unknown, reviewVersion: string, uid: string): unknown[] {
  const { apiVersion = '', kind = '', response } = isObject(answer) ? answer : {}
  const [group = '', version = ''] = String(apiVersion).split('/')
  if (apiVersion !== `apiextensions.k8s.io/${reviewVersion}` || kind !== 'ConversionReview')
    throw new Error(
      `expected webhook response of apiextensions.k8s.io/${reviewVersion}, Kind=ConversionReview, got ${group}/${version}, Kind=${String(kind)}`,
    )
  if (!isObject(response)) throw new Error('no response provided')
  if (reviewVersion === 'v1' && response['uid'] !== uid)
    throw new Error(`expected response.uid=${quote(uid)}, got ${quote(String(response['uid'] ?? ''))}`)
  const { status = '', message = '' } = isObject(response['result']) ? response['result'] : {}
  if (status !== 'Success')
    throw new Error(String(message) || `response.result.status was '${String(status)}', not 'Success'`)
  const objects = response['convertedObjects']
  return Array.isArray(objects) ? objects : []
}

/** The converted object with the metadata it had but for labels and annotations. Throws an Error. */
// validateConvertedObject, restoreObjectMeta
export function accepted(original: KubeObject, converted: unknown, apiVersion: string): KubeObject {
  if (!isObject(converted)) throw new Error("Object 'Kind' is missing in 'null'")
  const got = converted['apiVersion']
  if (got !== apiVersion)
    throw new Error(`invalid groupVersion (expected ${apiVersion}, received ${String(got ?? '')})`)
  const kind = converted['kind']
  if (kind !== original.kind)
    throw new Error(`invalid kind (expected ${original.kind}, received ${String(kind ?? '')})`)
  const { metadata } = converted
  if (metadata === undefined) throw new Error('missing metadata in converted object')
  if (!isObject(metadata)) throw new Error('invalid metadata of type string in converted object')
  for (const [field, name] of identity) {
    const [before, after] = [original.metadata[field] ?? '', metadata[field] ?? '']
    if (before !== after) throw new Error(`must have the same ${name}: ${before} != ${String(after)}`)
  }
  return { ...converted, metadata: restored(original, metadata) } as unknown as KubeObject
}

const identity = [
  ['name', 'name'],
  ['namespace', 'namespace'],
  ['uid', 'UID'],
] as const

function restored(original: KubeObject, metadata: Json): KubeObject['metadata'] {
  const result = clone(original.metadata)
  for (const field of ['labels', 'annotations'] as const) {
    const given = metadata[field]
    if (given === undefined || given === null) {
      delete result[field]
      continue
    }
    if (!isObject(given)) throw new Error(`invalid metadata.${field} of type ${typeof given} in converted object`)
    for (const [key, value] of Object.entries(given))
      if (typeof value !== 'string')
        throw new Error(`metadata.${field}[${key}] must be a string, but is ${typeof value} in converted object`)
    const texts = given as Record<string, string>
    const errors: FieldError[] = []
    if (field === 'labels') checkLabels(texts, new FieldPath('metadata', 'labels'), errors)
    else checkAnnotations(texts, new FieldPath('metadata', 'annotation'), errors)
    if (errors.length > 0) throw new Error(errors.map(errorText).join(', '))
    result[field] = texts
  }
  return result
}
