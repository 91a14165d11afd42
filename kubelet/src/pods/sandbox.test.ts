import { describe, expect, it } from 'vitest'
import { DynamicResourcesError } from '../dra/claims.ts'
import { RuntimeError } from '../runtime/types.ts'
import { sandboxFailure } from './sandbox.ts'

describe('what is said of a sandbox that did not start', () => {
  it.each([
    [new Error('boom'), 'FailedCreatePodSandBox', 'Failed to create pod sandbox: boom', 5000],
    [new RuntimeError('Unavailable', 'away'), 'FailedCreatePodSandBox', 'Failed to create pod sandbox: away', 1000],
    [new Error('network is not ready: no CIDR'), 'NetworkNotReady', 'network is not ready: no CIDR', 1000],
    [
      new DynamicResourcesError('prepare dynamic resources: DRA driver a is not registered'),
      'FailedPrepareDynamicResources',
      'Failed to prepare dynamic resources: prepare dynamic resources: DRA driver a is not registered',
      5000,
    ],
  ])('%s', (error, reason, message, waitMs) => {
    expect(sandboxFailure(error)).toEqual({ reason, message, waitMs })
  })
})
