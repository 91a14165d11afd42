import { StatusError } from '../errors.ts'

/**
 * A patch that is well-formed and cannot be applied: 422 with the one text upstream has for all of them
 * (apimachinery/pkg/api/errors NewGenericServerResponse). What went wrong is the error's `cause`, for the log.
 */
export function rejected(cause: string): StatusError {
  const error = new StatusError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: 'the server rejected our request due to an error in our request',
    reason: 'Invalid',
    details: {},
    code: 422,
  })
  error.cause = cause
  return error
}
