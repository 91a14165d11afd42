import type { IncomingHttpHeaders, IncomingHttpStatusHeader } from 'node:http2'

/** What the other end says before or after its messages. */
export type Told = IncomingHttpHeaders & IncomingHttpStatusHeader

/** How a call can end, by gRPC's numbers. google.golang.org/grpc/codes */
export const codes = { ok: 0, cancelled: 1, deadlineExceeded: 4, unavailable: 14 }

/** A call that was not answered, or answered with an error; the message is the other end's where it said one. */
export class RpcError extends Error {
  readonly code: number

  constructor(code: number, message: string) {
    super(message)
    this.name = 'RpcError'
    this.code = code
  }
}

/** The error that headers or trailers tell; undefined when they tell of success. Where they tell nothing, it was cut off. */
export function errorIn(headers: Told): RpcError | undefined {
  const status = headers['grpc-status']
  if (status === '0') return undefined
  if (status !== undefined) return new RpcError(Number(status), unescaped(String(headers['grpc-message'] ?? '')))
  const http = headers[':status']
  const words = http === undefined || http === 200 ? 'the call was cut off' : `HTTP status ${String(http)}`
  return new RpcError(codes.unavailable, words)
}

function unescaped(message: string): string {
  try {
    return decodeURIComponent(message)
  } catch {
    return message
  }
}
