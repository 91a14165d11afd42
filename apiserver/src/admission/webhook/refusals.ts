import { badRequest, internal, StatusError } from '@kubets/shared/machinery/errors.ts'
import type { Status } from '@kubets/shared/machinery/meta-v1.gen.ts'
import { quote } from '@kubets/shared/machinery/quote.ts'

/** A webhook could not be asked, or did not answer as it should: what the failurePolicy is about. */
// apiserver/pkg/util/webhook/error.go ErrCallingWebhook
export class CallError extends Error {
  /** What metrics count it as. */
  readonly code: number

  constructor(webhook: string, reason: string, code: number) {
    super(`failed calling webhook ${quote(webhook)}: ${reason}`)
    this.code = code
  }
}

/** The 500 of a call that failed, where that is a refusal. */
export const failClosed = (error: CallError): StatusError => internal(error)

/** A webhook said no. */
export class Rejection extends StatusError {}

// apiserver/pkg/admission/plugin/webhook/errors/statuserror.go ToStatusErr
/** The refusal that a webhook's Status means, made safe: it is none of success, and says who it is from. */
export function rejection(webhook: string, result: Status | undefined): Rejection {
  const deniedBy = `admission webhook ${quote(webhook)} denied the request`
  const { status, code = 0, message, reason } = result ?? {}
  const text = message || reason
  return new Rejection({
    ...result,
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: !status || status === 'Success' ? 'Failure' : status,
    message: text ? `${deniedBy}: ${text}` : `${deniedBy} without explanation`,
    code: code < 400 ? 400 : code,
  })
}

// apiserver/pkg/admission/plugin/webhook/errors/statuserror.go NewDryRunUnsupportedErr
export const dryRunUnsupported = (webhook: string): StatusError =>
  badRequest(`admission webhook ${quote(webhook)} does not support dry run`)
