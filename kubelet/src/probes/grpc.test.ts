import http2, { type ServerHttp2Stream } from 'node:http2'
import net, { type AddressInfo, type Server } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { grpcHealth } from './grpc.ts'

/** A health server that knows `services` by their status; a service called "code" ends with that error. */
function answer(stream: ServerHttp2Stream, path: string, body: Buffer): void {
  if (path !== '/grpc.health.v1.Health/Check') {
    stream.respond({ ':status': 200, 'grpc-status': '12', 'grpc-message': 'unknown service' }, { endStream: true })
    return
  }
  const service = body.subarray(5 + (body.length > 5 + 128 ? 3 : 2)).toString()
  const [what = '', value = ''] = service.split('=')
  if (what === 'http') return stream.respond({ ':status': Number(value) }, { endStream: true })
  if (what === 'hang') return
  if (what === 'long') {
    stream.respond({ ':status': 200 })
    stream.end(Buffer.alloc(5000))
    return
  }
  if (what === 'code') {
    const headers = { ':status': 200, 'content-type': 'application/grpc' }
    const message = { 'grpc-status': value, 'grpc-message': 'no%20such%20thing' }
    return stream.respond({ ...headers, ...message }, { endStream: true })
  }
  const status = what === '' || service.length > 100 ? 1 : Number(value)
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
  stream.end(status === 0 ? Buffer.alloc(5) : Buffer.from([0, 0, 0, 0, 2, 0x08, status]))
}

describe('grpcHealth', () => {
  let server: Server | undefined
  afterEach(() => server?.close())

  const listen = async (one: Server): Promise<number> => {
    server = one
    await new Promise<void>((resolve) => one.listen(0, '127.0.0.1', resolve))
    return (one.address() as AddressInfo).port
  }
  const health = (): Promise<number> => {
    const one = http2.createServer()
    one.on('stream', (stream: ServerHttp2Stream, headers) => {
      const parts: Buffer[] = []
      stream.on('data', (chunk: Buffer) => parts.push(chunk))
      stream.on('end', () => answer(stream, String(headers[':path']), Buffer.concat(parts)))
      stream.on('error', () => undefined)
    })
    return listen(one)
  }
  const ask = (port: number, service: string, signal = new AbortController().signal) =>
    grpcHealth({ host: '127.0.0.1', port, service, within: '1s' }, signal)

  it.each([
    ['', true, 'service healthy'],
    ['status=1', true, 'service healthy'],
    ['x'.repeat(300), true, 'service healthy'],
    ['status=0', false, 'service unhealthy (responded with "UNKNOWN")'],
    ['status=2', false, 'service unhealthy (responded with "NOT_SERVING")'],
    ['status=3', false, 'service unhealthy (responded with "SERVICE_UNKNOWN")'],
    ['code=5', false, 'error: health rpc probe failed: rpc error: code = NotFound desc = no such thing'],
    [
      'code=12',
      false,
      'error: this server does not implement the grpc health protocol (grpc.health.v1.Health): no such thing',
    ],
    ['long', false, 'error: health rpc probe failed: rpc error: code = Unavailable desc = the answer is too long'],
    [
      'http=503',
      false,
      'error: health rpc probe failed: rpc error: code = Unavailable desc = unexpected HTTP status code received from server: 503',
    ],
  ])('a service %s is healthy: %s', async (service, healthy, output) => {
    expect(await ask(await health(), service)).toEqual({ healthy, output })
  })

  it('gives up when the time is over', async () => {
    const port = await health()
    const limit = new AbortController()
    const asked = ask(port, 'hang', limit.signal)
    server?.on('stream', () => limit.abort())
    expect(await asked).toEqual({ healthy: false, output: 'timeout: health rpc did not complete within 1s' })
  })

  it('says where nobody listens, or nobody who speaks HTTP/2', async () => {
    const other = net.createServer((socket) => {
      socket.on('error', () => undefined).resume()
      socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')
    })
    const port = await listen(other)
    const output = `timeout: failed to connect service "127.0.0.1:${port}" within 1s: context deadline exceeded`
    expect(await ask(port, '')).toEqual({ healthy: false, output })
    await new Promise((resolve) => server?.close(resolve))
    expect(await ask(port, '')).toEqual({ healthy: false, output })
  })
})
