import type { AdmissionResponse, AdmissionReview } from '@kubets/shared/api/types/admission-v1.ts'
import { schemaFor } from '@kubets/shared/api/schemas.ts'
import { StatusError } from '@kubets/shared/machinery/errors.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import { quote } from '@kubets/shared/machinery/quote.ts'
import { decodeObject } from '@kubets/shared/machinery/schema/decode.ts'
import type { AdmissionRequest } from '../../registry/types.ts'
import { namespaceOf } from './matches.ts'

export type ReviewVersion = 'v1' | 'v1beta1'

/** The first of the versions that a webhook takes which is known here; undefined: none of them. */
// apiserver/pkg/admission/plugin/webhook/request/admissionreview.go CreateAdmissionObjects
export const reviewVersion = (versions: readonly string[]): ReviewVersion | undefined =>
  versions.find((version): version is ReviewVersion => version === 'v1' || version === 'v1beta1')

interface GroupVersionKind {
  group: string
  version: string
  kind: string
}

/** What a webhook is told, where its rules matched. */
export interface Invocation {
  /** The kind of the object in the shape that the rules ask for. */
  kind: GroupVersionKind
  resource: { group: string; version: string; resource: string }
  object?: KubeObject
  old?: KubeObject
}

const noObject = null

// apiserver/pkg/admission/plugin/webhook/request/admissionreview.go CreateV1AdmissionReview
export function createReview(
  version: ReviewVersion,
  uid: string,
  request: AdmissionRequest,
  { kind, resource, object, old }: Invocation,
): object {
  const { kind: asked, subresource, name, user } = request
  const namespace = namespaceOf(request)
  const under = subresource === '' ? {} : { subResource: subresource }
  const requestUnder = subresource === '' ? {} : { requestSubResource: subresource }
  return {
    kind: 'AdmissionReview',
    apiVersion: `admission.k8s.io/${version}`,
    request: {
      uid,
      kind,
      resource,
      ...under,
      requestKind: gvkOf(request.object ?? request.old) ?? {
        group: asked.group,
        version: asked.version,
        kind: asked.kind,
      },
      requestResource: { group: asked.group, version: asked.version, resource: asked.plural },
      ...requestUnder,
      ...(name === '' ? {} : { name }),
      ...(namespace === '' ? {} : { namespace }),
      operation: request.operation,
      userInfo: {
        ...(user?.name ? { username: user.name } : {}),
        ...(user?.uid ? { uid: user.uid } : {}),
        ...(user?.groups.length ? { groups: user.groups } : {}),
        ...(user?.extra && Object.keys(user.extra).length > 0 ? { extra: user.extra } : {}),
      },
      object: object ?? noObject,
      oldObject: old ?? noObject,
      dryRun: request.dryRun,
      options: request.options ?? noObject,
    },
  }
}

/** Group, version and kind that an object names. */
export function gvkOf(object: KubeObject | undefined): GroupVersionKind | undefined {
  if (object === undefined) return undefined
  const { apiVersion, kind } = object
  const slash = apiVersion.indexOf('/')
  return { group: apiVersion.slice(0, Math.max(slash, 0)), version: apiVersion.slice(slash + 1), kind }
}

/** What a webhook decided. */
export type Verdict = Pick<AdmissionResponse, 'allowed' | 'auditAnnotations' | 'warnings'> & {
  /** The Status that comes with a refusal. */
  result?: AdmissionResponse['status']
  /** Its text; '' for none. */
  patch: string
  patchType: string
}

/** An answer is not what can be decoded: the call has failed. */
export class UndecodableError extends Error {}

/**
 * Reads an answer as a review of the version that was sent. Throws an UndecodableError for what is no such review, an
 * Error for one that says what it may not.
 */
// apiserver/pkg/admission/plugin/webhook/request/admissionreview.go VerifyAdmissionResponse
export function readReview(version: ReviewVersion, uid: string, mutating: boolean, answer: unknown): Verdict {
  const review = decodeReview(version, answer)
  const { response } = review
  if (!response) throw new Error('webhook response was absent')
  const { allowed, auditAnnotations, warnings, status: result, patch: encoded = '', patchType } = response
  const patch = Buffer.from(encoded, 'base64').toString()
  if (version === 'v1') {
    if (response.uid !== uid) throw new Error(`expected response.uid=${quote(uid)}, got ${quote(response.uid)}`)
    checkKind(review)
    checkPatch(mutating, patch, patchType)
  }
  return {
    allowed,
    ...(auditAnnotations ? { auditAnnotations } : {}),
    ...(warnings ? { warnings } : {}),
    ...(result ? { result } : {}),
    // v1beta1 never looked at patches of validating webhooks, nor at the type of a patch
    patch: mutating ? patch : '',
    patchType: version === 'v1' ? (patchType ?? '') : 'JSONPatch',
  }
}

function decodeReview(version: ReviewVersion, answer: unknown): AdmissionReview {
  const { apiVersion } = (answer ?? {}) as Partial<AdmissionReview>
  const other = version === 'v1' ? 'v1beta1' : 'v1'
  if (apiVersion === `admission.k8s.io/${other}`) {
    throw new UndecodableError(
      `converting (${other}.AdmissionReview) to (${version}.AdmissionReview): unknown conversion`,
    )
  }
  try {
    return decodeObject(schemaFor('admission.k8s.io', 'v1', 'AdmissionReview'), answer, 'Ignore')
      .object as unknown as AdmissionReview
  } catch (error) {
    throw new UndecodableError(error instanceof StatusError ? error.message : String(error))
  }
}

function checkKind(review: AdmissionReview): void {
  const text = (apiVersion = '', kind = ''): string => {
    const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion]
    return `${group ?? ''}/${version ?? ''}, Kind=${kind}`
  }
  const wanted = text('admission.k8s.io/v1', 'AdmissionReview')
  const got = text(review.apiVersion, review.kind)
  if (got !== wanted) throw new Error(`expected webhook response of ${wanted}, got ${got}`)
}

function checkPatch(mutating: boolean, patch: string, type: string | undefined): void {
  if (!mutating) {
    if (patch !== '') throw new Error('validating webhook may not return response.patch')
    if (type !== undefined) throw new Error('validating webhook may not return response.patchType')
    return
  }
  if (patch !== '' && type === undefined) throw new Error('webhook returned response.patch but not response.patchType')
  if (patch === '' && type !== undefined) throw new Error('webhook returned response.patchType but not response.patch')
  if (type === '') throw new Error('webhook returned invalid response.patchType of ""')
}
