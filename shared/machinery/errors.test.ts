import { describe, expect, it } from 'vitest'
import * as errors from './errors.ts'
import { FieldPath, invalid, notSupported, required } from './fieldpath.ts'

const pods = { group: '', plural: 'pods' }
const deployments = { group: 'apps', plural: 'deployments' }

describe('the catalogue of errors', () => {
  it.each([
    [errors.notFound(pods, 'a'), 404, 'NotFound', 'pods "a" not found'],
    [errors.notFound(deployments, 'a'), 404, 'NotFound', 'deployments.apps "a" not found'],
    [errors.alreadyExists(pods, 'a'), 409, 'AlreadyExists', 'pods "a" already exists'],
    [
      errors.generateNameConflict(pods, 'a', 1),
      409,
      'AlreadyExists',
      'pods "a" already exists, the server was not able to generate a unique name for the object',
    ],
    [errors.conflict(pods, 'a', 'x'), 409, 'Conflict', 'Operation cannot be fulfilled on pods "a": x'],
    [errors.applyConflict([], 'Apply failed'), 409, 'Conflict', 'Apply failed'],
    [errors.badRequest('x'), 400, 'BadRequest', 'x'],
    [errors.forbidden(pods, 'a', 'x'), 403, 'Forbidden', 'pods "a" is forbidden: x'],
    [errors.forbidden(pods, '', 'x'), 403, 'Forbidden', 'pods is forbidden: x'],
    [errors.forbidden({ group: '', plural: '' }, '', 'x'), 403, 'Forbidden', 'forbidden: x'],
    [errors.unauthorized(), 401, 'Unauthorized', 'Unauthorized'],
    [
      errors.methodNotSupported(pods, 'patch'),
      405,
      'MethodNotAllowed',
      'patch is not supported on resources of kind "pods"',
    ],
    [errors.gone('x'), 410, 'Gone', 'x'],
    [errors.resourceExpired('x'), 410, 'Expired', 'x'],
    [errors.timeout('x', 1), 504, 'Timeout', 'Timeout: x'],
    [
      errors.serverTimeout(pods, 'list'),
      500,
      'ServerTimeout',
      'The list operation against pods could not be completed at this time, please try again.',
    ],
    [errors.tooManyRequests('x', 1), 429, 'TooManyRequests', 'x'],
    [errors.internal(new Error('x')), 500, 'InternalError', 'Internal error occurred: x'],
    [errors.serviceUnavailable('x'), 503, 'ServiceUnavailable', 'x'],
    [errors.requestEntityTooLarge('x'), 413, 'RequestEntityTooLarge', 'Request entity too large: x'],
    [
      errors.unsupportedMediaType(['a', 'b']),
      415,
      'UnsupportedMediaType',
      'the body of the request was in an unknown format - accepted media types include: a, b',
    ],
    [errors.notAcceptable(['a']), 406, 'NotAcceptable', 'only the following media types are accepted: a'],
  ])('%s', (error, code, reason, message) => {
    expect([error.code, error.reason, error.message, error.status.message]).toEqual([code, reason, message, message])
    expect(error.status).toMatchObject({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure' })
  })

  it('lists what is invalid, each text once', () => {
    const replicas = new FieldPath('spec').child('replicas')
    const one = invalid(replicas, -1, 'must be greater than or equal to 0')
    const error = errors.invalid({ group: 'apps', kind: 'Deployment' }, 'web', [
      one,
      one,
      required(new FieldPath('spec', 'selector')),
    ])
    expect(error.message).toBe(
      'Deployment.apps "web" is invalid: [spec.replicas: Invalid value: -1: must be greater than or equal to 0, spec.selector: Required value]',
    )
    expect(error.status.details).toEqual({
      name: 'web',
      group: 'apps',
      kind: 'Deployment',
      causes: [
        {
          reason: 'FieldValueInvalid',
          message: 'Invalid value: -1: must be greater than or equal to 0',
          field: 'spec.replicas',
        },
        {
          reason: 'FieldValueInvalid',
          message: 'Invalid value: -1: must be greater than or equal to 0',
          field: 'spec.replicas',
        },
        { reason: 'FieldValueRequired', message: 'Required value', field: 'spec.selector' },
      ],
    })
    const single = errors.invalid({ group: '', kind: 'Pod' }, 'a', [notSupported('spec.x', 'b', ['c', 'd'])])
    expect(single.message).toBe('Pod "a" is invalid: spec.x: Unsupported value: "b": supported values: "c", "d"')
    expect(errors.invalid({ group: '', kind: 'Pod' }, 'a', []).message).toBe('Pod "a" is invalid')
  })

  it('names the resource in the details', () => {
    expect(errors.notFound(deployments, 'a').status.details).toEqual({ name: 'a', group: 'apps', kind: 'deployments' })
    expect(errors.tooManyRequests('x', 7).status.details).toEqual({ retryAfterSeconds: 7 })
  })

  it('tells errors apart', () => {
    expect(errors.isNotFound(errors.notFound(pods, 'a'))).toBe(true)
    expect(errors.isNotFound(errors.conflict(pods, 'a', ''))).toBe(false)
    expect(errors.isNotFound(new Error('not found'))).toBe(false)
    expect([errors.gone(''), errors.resourceExpired('')].every(errors.isGone)).toBe(true)
  })
})
