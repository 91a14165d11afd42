import type { Status } from '@kubets/shared/machinery/meta-v1.gen.ts'
import { expect, it } from 'vitest'
import { rejection } from './refusals.ts'

it.each<[Partial<Status> | undefined, Partial<Status>]>([
  [
    undefined,
    { status: 'Failure', code: 400, message: 'admission webhook "x" denied the request without explanation' },
  ],
  [{ message: 'no' }, { code: 400, message: 'admission webhook "x" denied the request: no' }],
  [
    { reason: 'Forbidden', code: 403 },
    { code: 403, reason: 'Forbidden', message: 'admission webhook "x" denied the request: Forbidden' },
  ],
  // a refusal that calls itself a success
  [
    { status: 'Success', code: 200, message: 'fine' },
    { status: 'Failure', code: 400 },
  ],
])('makes %j a refusal', (result, expected) => {
  expect(rejection('x', result as Status | undefined).status).toMatchObject(expected)
})
