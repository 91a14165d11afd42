import type { Status, StatusCause, StatusDetails } from './meta-v1.gen.ts'
import { errorBody, errorText, type FieldError } from './fieldpath.ts'
import { quote } from './quote.ts'

interface GroupResource {
  group: string
  plural: string
}

interface GroupKind {
  group: string
  kind: string
}

/** An error with the Status that a client sees. */
export class StatusError extends Error {
  readonly status: Status

  constructor(status: Status) {
    super(status.message ?? status.reason ?? 'unknown')
    this.name = 'StatusError'
    this.status = status
  }

  /** The HTTP status code. */
  get code(): number {
    return this.status.code ?? 500
  }

  /** The machine-readable reason, '' when there is none. */
  get reason(): string {
    return this.status.reason ?? ''
  }
}

function failure(code: number, reason: string, message: string, details?: StatusDetails): StatusError {
  return new StatusError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason,
    ...(details === undefined ? {} : { details }),
    code,
  })
}

/** "deployments.apps", "pods" */
function resourceText({ group, plural }: GroupResource): string {
  return group === '' ? plural : `${plural}.${group}`
}

function resourceDetails(gr: GroupResource, name?: string, more?: StatusDetails): StatusDetails {
  return {
    ...(name ? { name } : {}),
    ...(gr.group ? { group: gr.group } : {}),
    ...(gr.plural ? { kind: gr.plural } : {}),
    ...more,
  }
}

// The texts below are those of apimachinery/pkg/api/errors/errors.go: clients match on them.

export function notFound(gr: GroupResource, name: string): StatusError {
  return failure(404, 'NotFound', `${resourceText(gr)} ${quote(name)} not found`, resourceDetails(gr, name))
}

export function alreadyExists(gr: GroupResource, name: string): StatusError {
  return failure(409, 'AlreadyExists', `${resourceText(gr)} ${quote(name)} already exists`, resourceDetails(gr, name))
}

/** All names tried for a generateName were taken. */
export function generateNameConflict(gr: GroupResource, name: string, retryAfterSeconds: number): StatusError {
  const text = `${resourceText(gr)} ${quote(name)} already exists, the server was not able to generate a unique name for the object`
  return failure(409, 'AlreadyExists', text, resourceDetails(gr, name, { retryAfterSeconds }))
}

export function conflict(gr: GroupResource, name: string, message: string): StatusError {
  const text = `Operation cannot be fulfilled on ${resourceText(gr)} ${quote(name)}: ${message}`
  return failure(409, 'Conflict', text, resourceDetails(gr, name))
}

/** Server-side apply met fields of other managers; `causes` name them. */
export function applyConflict(causes: StatusCause[], message: string): StatusError {
  return failure(409, 'Conflict', message, { causes })
}

/** A Status names no more causes than this: there are objects that have a hundred thousand. */
export const maxCauses = 2000

export function invalid(gk: GroupKind, name: string, errors: readonly FieldError[]): StatusError {
  const kind = gk.group === '' ? gk.kind : `${gk.kind}.${gk.group}`
  const told = errors.slice(0, maxCauses)
  const texts = [...new Set(told.map(errorText))]
  if (errors.length > told.length) texts.push(`and ${errors.length - told.length} more`)
  const list = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`
  const causes = told.map((e) => ({ reason: e.type, message: errorBody(e), field: e.field }))
  const text = `${kind} ${quote(name)} is invalid${texts.length > 0 ? `: ${list}` : ''}`
  return failure(422, 'Invalid', text, {
    ...(name ? { name } : {}),
    ...(gk.group ? { group: gk.group } : {}),
    kind: gk.kind,
    ...(causes.length > 0 ? { causes } : {}),
  })
}

export const badRequest = (message: string): StatusError => failure(400, 'BadRequest', message)

export function forbidden(gr: GroupResource, name: string, message: string): StatusError {
  let text = `forbidden: ${message}`
  if (gr.plural !== '') text = `${resourceText(gr)}${name === '' ? '' : ` ${quote(name)}`} is ${text}`
  return failure(403, 'Forbidden', text, resourceDetails(gr, name))
}

/** The apiserver's answer to a request without valid credentials says just "Unauthorized". */
export const unauthorized = (message = 'Unauthorized'): StatusError => failure(401, 'Unauthorized', message)

export function methodNotSupported(gr: GroupResource, action: string): StatusError {
  const text = `${action} is not supported on resources of kind ${quote(resourceText(gr))}`
  return failure(405, 'MethodNotAllowed', text, resourceDetails(gr))
}

export const gone = (message: string): StatusError => failure(410, 'Gone', message)
export const resourceExpired = (message: string): StatusError => failure(410, 'Expired', message)

export function timeout(message: string, retryAfterSeconds = 0): StatusError {
  return failure(504, 'Timeout', `Timeout: ${message}`, retryAfterSeconds > 0 ? { retryAfterSeconds } : {})
}

/** A read from a revision that is not reached yet. */
// apiserver/pkg/storage/errors.go NewTooLargeResourceVersionError: client-go looks for the cause
export function tooLargeResourceVersion(asked: number, current: number, retryAfterSeconds: number): StatusError {
  const message = `Timeout: Too large resource version: ${asked}, current: ${current}`
  const causes = [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }]
  return failure(504, 'Timeout', message, { causes, retryAfterSeconds })
}

/** A path under a served group and version that leads nowhere. apimachinery/pkg/api/errors/errors.go NewGenericServerResponse */
export const noSuchResource = (): StatusError =>
  failure(404, 'NotFound', 'the server could not find the requested resource', {})
export const noSuchMethod = (): StatusError =>
  failure(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {})

export function serverTimeout(gr: GroupResource, operation: string, retryAfterSeconds = 0): StatusError {
  const text = `The ${operation} operation against ${resourceText(gr)} could not be completed at this time, please try again.`
  const more = retryAfterSeconds > 0 ? { retryAfterSeconds } : {}
  return failure(500, 'ServerTimeout', text, resourceDetails(gr, operation, more))
}

export const tooManyRequests = (message: string, retryAfterSeconds: number): StatusError =>
  failure(429, 'TooManyRequests', message, retryAfterSeconds > 0 ? { retryAfterSeconds } : {})

export function internal(error: unknown): StatusError {
  const message = error instanceof Error ? error.message : String(error)
  return failure(500, 'InternalError', `Internal error occurred: ${message}`, { causes: [{ message }] })
}

/** An error without a reason of its own: clients see the text alone. */
// apiserver/pkg/endpoints/handlers/responsewriters/status.go ErrorToAPIStatus
export const unknownError = (message: string): StatusError =>
  new StatusError({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, code: 500 })

export const serviceUnavailable = (message: string): StatusError => failure(503, 'ServiceUnavailable', message)
export const requestEntityTooLarge = (message: string): StatusError =>
  failure(413, 'RequestEntityTooLarge', `Request entity too large: ${message}`)

// apiserver/pkg/endpoints/handlers/negotiation/errors.go
export const unsupportedMediaType = (accepted: readonly string[]): StatusError =>
  failure(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`,
  )
export const notAcceptable = (accepted: readonly string[]): StatusError =>
  failure(406, 'NotAcceptable', `only the following media types are accepted: ${accepted.join(', ')}`)

/** The thing asked for cannot be told in the shape asked for. apiserver/pkg/endpoints/handlers/response.go */
export const notTransformable = (message: string): StatusError => failure(406, 'NotAcceptable', message)

const hasReason =
  (...reasons: string[]) =>
  (error: unknown): error is StatusError =>
    error instanceof StatusError && reasons.includes(error.reason)

export const isNotFound = hasReason('NotFound')
export const isConflict = hasReason('Conflict')
export const isAlreadyExists = hasReason('AlreadyExists')
/** 410: the resourceVersion or continue token is too old. */
export const isGone = hasReason('Expired', 'Gone')
export const isInvalid = hasReason('Invalid')
export const isForbidden = hasReason('Forbidden')

/** A read from a revision that is not reached yet, as `tooLargeResourceVersion` makes it; older servers send only the text. */
// apimachinery/pkg/api/errors/errors.go IsTooLargeResourceVersion
export function isTooLargeResourceVersion(error: unknown): error is StatusError {
  if (!(error instanceof StatusError) || error.reason !== 'Timeout') return false
  const causes = error.status.details?.causes ?? []
  return causes.some((c) => c.reason === 'ResourceVersionTooLarge' || c.message === 'Too large resource version')
}
