import { createHash } from 'node:crypto'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import tls from 'node:tls'
import { issueCertificate } from '@kubets/shared/process/certificates.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestServer, type TestServer } from '../test-server.ts'

let server: TestServer
let kubelet: https.Server
/** What the kubelet was asked, and by whom. */
const asked: { url: string; user: unknown }[] = []

beforeAll(async () => {
  server = await startTestServer()
  const names = { commonName: 'system:node:n1', ipAddresses: ['127.0.0.1'] }
  const { cert, key } = await issueCertificate(server.authority, { ...names, days: 1, usages: ['server'] })
  // a server at the kubelet's place: what this program sends there is what is looked at
  kubelet = https.createServer(
    { cert, key, ca: server.authority.cert, requestCert: true, allowHalfOpen: true },
    (request, response) => {
      note(request.url, request.socket as tls.TLSSocket)
      if (request.url?.includes('missing'))
        response.writeHead(400, { 'content-type': 'text/plain' }).end('is waiting to start')
      else response.writeHead(200, { 'content-type': 'text/plain' }).end('line 1\nline 2\n')
    },
  )
  kubelet.on('upgrade', (request, socket: Duplex) => {
    note(request.url, socket as tls.TLSSocket)
    const accept = createHash('sha1').update(
      `${String(request.headers['sec-websocket-key'])}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`,
    )
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: ${accept.digest('base64')}\r\n\r\n`,
    )
    socket.on('error', () => undefined)
    // everything comes back, and the end after it
    socket.pipe(socket)
  })
  await new Promise<void>((resolve) => kubelet.listen(0, '127.0.0.1', resolve))
  await prepare((kubelet.address() as AddressInfo).port)
})
afterAll(async () => {
  kubelet.closeAllConnections()
  kubelet.close()
  await server.stop()
})

const note = (url = '', socket: tls.TLSSocket): void => {
  asked.push({ url, user: socket.getPeerCertificate().subject.CN })
}

async function prepare(port: number): Promise<void> {
  await server.call('/api/v1/nodes', { body: { metadata: { name: 'n1' } } })
  const status = {
    addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
    daemonEndpoints: { kubeletEndpoint: { Port: port } },
  }
  const patched = await server.call('/api/v1/nodes/n1/status', {
    method: 'PATCH',
    body: { status },
    headers: { 'content-type': 'application/merge-patch+json' },
  })
  expect(patched.code).toBe(200)
  await server.call('/api/v1/namespaces/default/serviceaccounts', { body: { metadata: { name: 'default' } } })
  const spec = { nodeName: 'n1', containers: [{ name: 'c', image: 'busybox' }] }
  for (const name of ['web', 'missing']) {
    const { code } = await server.call('/api/v1/namespaces/default/pods', { body: { metadata: { name }, spec } })
    expect(code).toBe(201)
  }
}

const pod = '/api/v1/namespaces/default/pods/web'

describe('logs', () => {
  it('come from the kubelet, as this server', async () => {
    const { code, text } = await server.call(`${pod}/log?tailLines=5&follow=true&timestamps=false`)
    expect([code, text]).toEqual([200, 'line 1\nline 2\n'])
    const url = '/containerLogs/default/web/c?follow=true&tailLines=5'
    expect(asked.at(-1)).toEqual({ url, user: 'kube-apiserver' })
  })

  it('pass on what the kubelet refuses', async () => {
    const { code, text } = await server.call('/api/v1/namespaces/default/pods/missing/log')
    expect([code, text]).toEqual([400, 'is waiting to start'])
  })

  it('are asked for in whole numbers', async () => {
    const { code, json } = await server.call(`${pod}/log?tailLines=-1`)
    expect([code, json.message]).toEqual([
      422,
      'PodLogOptions "" is invalid: tailLines: Invalid value: -1: must be greater than or equal to 0',
    ])
  })
})

describe('a node', () => {
  it('is reached under proxy', async () => {
    const { code } = await server.call('/api/v1/nodes/n1/proxy/stats/summary?x=1')
    expect([code, asked.at(-1)?.url]).toEqual([200, '/stats/summary?x=1'])
  })
})

/** Sends the head of an upgrade, and then `data` (if given) and the end of it; resolves with all that comes back. */
function upgraded(path: string, data: Buffer | undefined, headers: readonly string[] = []): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port: server.port, ca: server.authority.cert, ...server.admin.certificate }
    const socket = tls.connect({
      ...options,
      ALPNProtocols: ['http/1.1'],
      allowHalfOpen: true,
    } as tls.ConnectionOptions)
    const chunks: Buffer[] = []
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      // a closing message: whoever gets one hangs up
      if (data === undefined && chunk.toString('latin1').endsWith('\x88\x02\x03\xe8')) socket.end()
    })
    socket.on('error', reject)
    socket.on('end', () => {
      socket.destroy()
      resolve(Buffer.concat(chunks).toString('latin1'))
    })
    const head = [
      'connection: Upgrade',
      'upgrade: websocket',
      'sec-websocket-version: 13',
      'sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==',
      ...headers,
    ]
    socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\n${head.join('\r\n')}\r\n\r\n`)
    if (data) socket.end(data)
  })
}

describe('logs over WebSocket', () => {
  // frames of the server: the kind and the end of a message, its length, its bytes
  const frame = (kind: number, text: string): string => `${String.fromCharCode(0x80 | kind, text.length)}${text}`

  it.each([
    ['binary.k8s.io', frame(2, 'line 1\nline 2\n')],
    ['base64.binary.k8s.io', frame(1, btoa('line 1\nline 2\n'))],
    ['', frame(2, 'line 1\nline 2\n')],
  ])('are messages of this server: %s', async (protocol, messages) => {
    const headers = protocol === '' ? [] : [`sec-websocket-protocol: other, ${protocol}`]
    const answer = await upgraded(`${pod}/log?follow=true`, undefined, headers)
    const [head = '', ...rest] = answer.split('\r\n\r\n')
    expect(head).toMatch(/^HTTP\/1.1 101 /)
    if (protocol !== '') expect(head).toContain(`\r\nSec-WebSocket-Protocol: ${protocol}`)
    expect(rest.join('\r\n\r\n')).toBe(messages + frame(8, '\x03\xe8'))
    expect(asked.at(-1)).toEqual({ url: '/containerLogs/default/web/c?follow=true', user: 'kube-apiserver' })
  })

  it('are refused before the upgrade, in the words of the kubelet', async () => {
    const answer = await upgraded('/api/v1/namespaces/default/pods/missing/log', undefined)
    expect(answer).toMatch(/^HTTP\/1.1 400 /)
    expect(answer).toContain('is waiting to start')
  })
})

describe('exec', () => {
  it('is bytes in both directions after the upgrade, to the last one', async () => {
    const data = Buffer.alloc(3_000_000, 'abc')
    const answer = await upgraded(`${pod}/exec?command=sh&command=-c&stdin=true&stdout=true&tty=false`, data)
    expect(answer).toMatch(/^HTTP\/1.1 101 /)
    expect(answer.endsWith(data.toString('latin1'))).toBe(true)
    const url = '/exec/default/web/c?input=1&output=1&error=1&command=sh&command=-c'
    expect(asked.at(-1)).toEqual({ url, user: 'kube-apiserver' })
  })

  it('refuses with a Status before the upgrade', async () => {
    const answer = await upgraded('/api/v1/namespaces/default/pods/none/exec?command=sh&stdout=true', Buffer.alloc(0))
    expect(answer).toMatch(/^HTTP\/1.1 404 /)
    expect(answer).toContain('pods \\"none\\" not found')
  })
})
