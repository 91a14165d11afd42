import { createServer, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'

/** A server that answers gRPC's health question on every address of this machine. */
export interface GrpcHealth {
  readonly port: number
  /** How often a service was asked for. */
  asked(service: string): number
  stop(): Promise<void>
}

const statuses: Readonly<Record<string, number>> = { well: 1, unwell: 2 }

/** The service "well" serves, "unwell" does not, and others are not known. grpc/health/v1/health.proto */
export async function serveGrpcHealth(): Promise<GrpcHealth> {
  const counts = new Map<string, number>()
  const server = createServer()
  const sessions = new Set<ServerHttp2Session>()
  server.on('session', (session) => {
    sessions.add(session)
    session.on('close', () => sessions.delete(session))
  })
  server.on('stream', (stream: ServerHttp2Stream) => {
    const parts: Buffer[] = []
    stream.on('error', () => {})
    stream.on('data', (chunk: Buffer) => parts.push(chunk))
    stream.on('end', () => {
      // five bytes of gRPC's, then the field's number and length
      const service = Buffer.concat(parts).subarray(7).toString()
      counts.set(service, (counts.get(service) ?? 0) + 1)
      const status = statuses[service]
      const headers = { ':status': 200, 'content-type': 'application/grpc' }
      if (status === undefined) {
        stream.respond({ ...headers, 'grpc-status': '5', 'grpc-message': 'unknown service' }, { endStream: true })
        return
      }
      stream.respond(headers, { waitForTrailers: true })
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
      stream.end(Buffer.from([0, 0, 0, 0, 2, 0x08, status]))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    asked: (service) => counts.get(service) ?? 0,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const session of sessions) session.destroy()
      }),
  }
}
