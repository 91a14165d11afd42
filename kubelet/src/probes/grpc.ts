// The health question of gRPC, over HTTP/2 in plain text. pkg/probe/grpc/grpc.go, grpc/health/v1/health.proto
import http2, { type ClientHttp2Session, type IncomingHttpHeaders } from 'node:http2'
import net from 'node:net'

/** What to ask: a service of the server by name, or with an empty name the server as a whole. */
export interface GrpcQuestion {
  host: string
  port: number
  service: string
  /** The time limit in Go's words, for messages. */
  within: string
}

/** A server that says it serves, or why that is not so. */
export interface GrpcAnswer {
  healthy: boolean
  output: string
}

/** Asks once. What goes wrong is an answer too; `signal` is the time limit. */
export async function grpcHealth(question: GrpcQuestion, signal: AbortSignal): Promise<GrpcAnswer> {
  const { host, port, service, within } = question
  const address = net.isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`
  const failed = (output: string): GrpcAnswer => ({ healthy: false, output })
  let session: ClientHttp2Session
  try {
    session = await connect(`http://${address}`, signal)
  } catch {
    // gRPC tries to connect until the time is over, so that this is all it has to say, whatever the cause
    return failed(`timeout: failed to connect service "${address}" within ${within}: context deadline exceeded`)
  }
  try {
    const reply = await call(session, message(service), signal)
    const { code, text } = outcome(reply)
    if (code === 'OK') {
      const status = servingStatus(reply.body)
      if (status === 'SERVING') return { healthy: true, output: 'service healthy' }
      return failed(`service unhealthy (responded with "${status}")`)
    }
    if (code === 'Unimplemented') {
      const protocol = 'this server does not implement the grpc health protocol (grpc.health.v1.Health)'
      return failed(`error: ${protocol}: ${text}`)
    }
    return failed(`error: health rpc probe failed: rpc error: code = ${code} desc = ${text}`)
  } catch (error) {
    if (signal.aborted) return failed(`timeout: health rpc did not complete within ${within}`)
    const text = error instanceof Error ? error.message : String(error)
    return failed(`error: health rpc probe failed: rpc error: code = Unavailable desc = ${text}`)
  } finally {
    session.destroy()
  }
}

/** A session with a server that speaks HTTP/2: it has told its settings. */
async function connect(url: string, signal: AbortSignal): Promise<ClientHttp2Session> {
  const session = http2.connect(url)
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const onAbort = (): void => reject(new Error('timeout'))
  session.once('remoteSettings', () => resolve())
  session.on('error', reject)
  session.once('close', () => reject(new Error('closed')))
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    signal.throwIfAborted()
    await promise
    return session
  } catch (error) {
    session.destroy()
    throw error
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

interface Reply {
  headers: IncomingHttpHeaders
  trailers: IncomingHttpHeaders
  body: Buffer
}

// an answer is two bytes with five before them; what is much longer is none
const maxBody = 1024

async function call(session: ClientHttp2Session, body: Buffer, signal: AbortSignal): Promise<Reply> {
  const stream = session.request({
    ':method': 'POST',
    ':path': '/grpc.health.v1.Health/Check',
    'content-type': 'application/grpc',
    'user-agent': 'kube-probe/1.36 grpc-go',
    te: 'trailers',
  })
  const reply: Reply = { headers: {}, trailers: {}, body: Buffer.alloc(0) }
  const { promise, resolve, reject } = Promise.withResolvers<Reply>()
  const onAbort = (): void => reject(new Error('timeout'))
  signal.addEventListener('abort', onAbort, { once: true })
  stream.on('response', (headers) => (reply.headers = headers))
  stream.on('trailers', (trailers) => (reply.trailers = trailers))
  stream.on('data', (chunk: Buffer) => {
    reply.body = Buffer.concat([reply.body, chunk])
    if (reply.body.length > maxBody) reject(new Error('the answer is too long'))
  })
  stream.on('end', () => resolve(reply))
  stream.on('error', reject)
  session.once('close', () => reject(new Error('error reading from server: EOF')))
  stream.end(body)
  try {
    signal.throwIfAborted()
    return await promise
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

// HealthCheckRequest { string service = 1 } behind gRPC's flag and length
function message(service: string): Buffer {
  const name = Buffer.from(service)
  const length: number[] = []
  for (let rest = name.length; ; rest >>>= 7) {
    length.push(rest > 0x7f ? (rest & 0x7f) | 0x80 : rest)
    if (rest <= 0x7f) break
  }
  const content = name.length === 0 ? name : Buffer.concat([Buffer.from([0x0a, ...length]), name])
  const prefix = Buffer.alloc(5)
  prefix.writeUInt32BE(content.length, 1)
  return Buffer.concat([prefix, content])
}

const statuses = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN']

// HealthCheckResponse { ServingStatus status = 1 }; the value 0 is not sent
function servingStatus(body: Buffer): string {
  const value = body[5] === 0x08 ? (body[6] ?? 0) : 0
  return statuses[value] ?? String(value)
}

const codes = [
  ...['OK', 'Canceled', 'Unknown', 'InvalidArgument', 'DeadlineExceeded', 'NotFound', 'AlreadyExists'],
  ...['PermissionDenied', 'ResourceExhausted', 'FailedPrecondition', 'Aborted', 'OutOfRange', 'Unimplemented'],
  ...['Internal', 'Unavailable', 'DataLoss', 'Unauthenticated'],
]

// grpc/internal/transport/http_util.go HTTPStatusConvTab
const httpCodes: Readonly<Record<number, string>> = {
  400: 'Internal',
  401: 'Unauthenticated',
  403: 'PermissionDenied',
  404: 'Unimplemented',
  429: 'Unavailable',
  502: 'Unavailable',
  503: 'Unavailable',
  504: 'Unavailable',
}

function outcome({ headers, trailers }: Reply): { code: string; text: string } {
  const status = Number(headers[':status'])
  const given = trailers['grpc-status'] ?? headers['grpc-status']
  if (given === undefined) {
    const text = `unexpected HTTP status code received from server: ${status}`
    return { code: httpCodes[status] ?? 'Unknown', text }
  }
  const code = Number(given)
  const text = String(trailers['grpc-message'] ?? headers['grpc-message'] ?? '')
  return { code: codes[code] ?? `Code(${code})`, text: decoded(text) }
}

// grpc/internal/transport/http_util.go decodeGrpcMessage
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
