import { StatusError } from '../machinery/errors.ts'
import type { Status } from '../machinery/meta-v1.gen.ts'
import { quote } from '../machinery/quote.ts'

interface Failure {
  method: string
  code: number
  /** As text: a Status, or whatever a proxy in between had to say. */
  body: string
  retryAfterSeconds?: number
  /** The resource, and the object's name if it was about one: "pods.metrics.k8s.io". */
  about?: string
}

/** The error an unsuccessful response means. */
export function errorFromResponse(failure: Failure): StatusError {
  const status = parseStatus(failure.body)
  if (status === undefined) return genericError(failure)
  return new StatusError({ ...status, code: status.code ?? failure.code })
}

function parseStatus(body: string): Status | undefined {
  try {
    const value = JSON.parse(body) as Partial<Status> | null
    if (value?.kind === 'Status' && value.status !== 'Success') return value as Status
  } catch {
    // not JSON: the generic error carries the text
  }
  return undefined
}

// [reason, message] by code: apimachinery/pkg/api/errors/errors.go NewGenericServerResponse
const generic: Record<number, readonly [string, string?]> = {
  400: ['BadRequest', 'the server rejected our request for an unknown reason'],
  401: ['Unauthorized', 'the server has asked for the client to provide credentials'],
  403: ['Forbidden'],
  404: ['NotFound', 'the server could not find the requested resource'],
  405: ['MethodNotAllowed', 'the server does not allow this method on the requested resource'],
  406: ['NotAcceptable', 'the server was unable to respond with a content type that the client supports'],
  409: ['Conflict', 'the server reported a conflict'],
  410: ['Expired'],
  415: ['UnsupportedMediaType'],
  422: ['Invalid', 'the server rejected our request due to an error in our request'],
  429: ['TooManyRequests', 'the server has received too many requests and has asked us to try again later'],
  503: ['ServiceUnavailable', 'the server is currently unable to handle the request'],
  504: [
    'Timeout',
    'the server was unable to return a response in the time allotted, but may still be processing the request',
  ],
}

function genericError({ method, code, body, retryAfterSeconds, about }: Failure): StatusError {
  const text = body.trim().slice(0, 2048)
  const [reason, message = text] = generic[code] ?? [
    code >= 500 ? 'InternalError' : 'Unknown',
    code >= 500
      ? `an error on the server (${quote(text)}) has prevented the request from succeeding`
      : `the server responded with the status code ${code} but did not return more information`,
  ]
  return new StatusError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: about === undefined ? message : `${message} (${method.toLowerCase()} ${about})`,
    reason: code === 409 && method === 'POST' ? 'AlreadyExists' : reason,
    details: {
      causes: [{ reason: 'UnexpectedServerResponse', message: text }],
      ...(retryAfterSeconds ? { retryAfterSeconds } : {}),
    },
    code,
  })
}
