import { expect, it } from 'vitest'
import type { StatusError } from '@kubets/shared/machinery/errors.ts'
import { storageError } from './etcd-errors.ts'

it.each([
  ['etcdserver: request is too large', 413, 'RequestEntityTooLarge'],
  ['8 RESOURCE_EXHAUSTED: grpc: received message larger than max (3145800 vs. 2097152)', 413, 'RequestEntityTooLarge'],
  ['etcdserver: request timed out', 504, 'Timeout'],
  ['something else', 500, 'InternalError'],
])('%s is answered %i', (words, code, reason) => {
  const { status } = storageError(new Error(words)) as StatusError
  expect([status.code, status.reason]).toEqual([code, reason])
})
