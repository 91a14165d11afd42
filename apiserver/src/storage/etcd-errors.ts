import {
  internal,
  requestEntityTooLarge,
  serviceUnavailable,
  StatusError,
  timeout,
} from '@kubets/shared/machinery/errors.ts'
import { codes, RpcError } from './rpc/rpc-error.ts'

/** The compacted past was asked for. */
export class CompactedError extends Error {}

/** What a client is told when etcd did not do it; etcd's own words are in the message. */
export function storageError(error: unknown): Error {
  if (error instanceof StatusError || error instanceof CompactedError) return error
  const message = error instanceof Error ? error.message : String(error)
  if (message.includes('required revision has been compacted')) return new CompactedError(message)
  // the first are etcd's words, the other those of what carries its requests
  if (/request is too large|message larger than max/.test(message)) return requestEntityTooLarge(message)
  const code = error instanceof RpcError ? error.code : undefined
  if (code === codes.deadlineExceeded) return timeout('etcd did not answer in time')
  if (message.includes('etcdserver: request timed out')) return timeout(message)
  if (code === codes.unavailable || code === codes.cancelled || noLeader(message))
    return serviceUnavailable(`etcd is not available: ${message}`)
  return internal(error)
}

const noLeader = (message: string): boolean =>
  message.includes('etcdserver: no leader') ||
  message.includes('etcdserver: leader changed') ||
  message.includes('server stopped')
