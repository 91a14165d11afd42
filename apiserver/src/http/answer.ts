import { internal, StatusError } from '@kubets/shared/machinery/errors.ts'
import type { Status } from '@kubets/shared/machinery/meta-v1.gen.ts'

/** A whole answer, written by the server once the handler is done. */
export interface Answer {
  code: number
  contentType: string
  body: Buffer
  headers?: Readonly<Record<string, string>>
}

export const textAnswer = (code: number, text: string, contentType = 'text/plain; charset=utf-8'): Answer => ({
  code,
  contentType,
  body: Buffer.from(text),
})

export const jsonAnswer = (code: number, value: unknown, contentType = 'application/json'): Answer => ({
  code,
  contentType,
  body: Buffer.from(`${JSON.stringify(value)}\n`),
})

// What Go's ServeMux says for a path nobody has registered; client-go turns it into its own words.
export const pageNotFound = (): Answer => textAnswer(404, '404 page not found\n')

/** A Status that says it worked. */
export const success = (code: number, more: Partial<Status> = {}): Status => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Success',
  ...more,
  code,
})

/** Any thrown value as the error a client may see. */
export function toStatusError(error: unknown): StatusError {
  return error instanceof StatusError ? error : internal(error)
}

/** The Status of an error as JSON; the code goes with it. */
export function statusAnswer(error: StatusError): Answer {
  const answer = jsonAnswer(error.code, error.status)
  const retryAfter = error.status.details?.retryAfterSeconds
  return retryAfter === undefined ? answer : { ...answer, headers: { 'retry-after': String(retryAfter) } }
}
