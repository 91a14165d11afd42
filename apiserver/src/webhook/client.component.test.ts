import https from 'node:https'
import { createServer, type AddressInfo, type Server } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { StatusError, timeout } from '@kubets/shared/machinery/errors.ts'
import { createCA, issueCertificate, type CertificateAndKey } from '@kubets/shared/process/certificates.ts'
import { realClock } from '@kubets/shared/process/clock.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createHookClients, type HookConfig } from './client.ts'

let authority: CertificateAndKey
let server: https.Server
let port: number
let connections = 0
const clients = createHookClients((_, name) => {
  if (name !== 'hook' && name !== 'other') return Promise.reject(new Error(`service "${name}" not found`))
  return Promise.resolve({ host: '127.0.0.1', port })
}, realClock)

interface Seen {
  url: string
  method: string
  headers: https.RequestOptions['headers']
  body: unknown
  clientCertificate: boolean
}

beforeAll(async () => {
  authority = await createCA('hooks')
  const names = { dnsNames: ['hook.default.svc'], ipAddresses: ['127.0.0.1'] }
  const own = await issueCertificate(authority, { commonName: 'hook', ...names, usages: ['server'], days: 1 })
  server = https.createServer({ ...own, requestCert: true, rejectUnauthorized: false }, (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const path = (request.url ?? '').split('?')[0]
      if (path === '/never') return
      if (path === '/end') return void request.socket.destroy()
      if (path === '/redirect') return void response.writeHead(302, { location: '/echo' }).end()
      if (path === '/broken') return void response.writeHead(500).end('oh no')
      if (path === '/empty') return void response.writeHead(200, { 'content-type': 'application/json' }).end()
      if (path === '/text') return void response.end('hello')
      if (path === '/huge') {
        response.on('error', () => undefined)
        const chunk = Buffer.alloc(1024 * 1024, 32)
        const more = (): void => {
          if (!response.destroyed) response.write(chunk, more)
        }
        return more()
      }
      const { url, method, headers } = request
      const clientCertificate = Object.keys((request.socket as TLSSocket).getPeerCertificate()).length > 0
      response.end(
        JSON.stringify({ url, method, headers, clientCertificate, body: JSON.parse(String(Buffer.concat(chunks))) }),
      )
    })
  })
  server.on('secureConnection', () => connections++)
  port = await listen(server)
})

afterAll(() => {
  clients.close()
  server.closeAllConnections()
  server.close()
})

const listen = (one: Server): Promise<number> =>
  new Promise((resolve) => one.listen(0, '127.0.0.1', () => resolve((one.address() as AddressInfo).port)))
const bundle = (): string => Buffer.from(authority.cert).toString('base64')
const url = (path: string): string => `https://127.0.0.1:${port}${path}`
const post = (config: HookConfig, timeoutSeconds = 10, signal = new AbortController().signal): Promise<unknown> =>
  clients.hook({ caBundle: bundle(), ...config }).post({ hello: 'there' }, { timeoutSeconds, signal })

describe('a webhook', () => {
  it('is posted JSON at its URL, by a client without a certificate', async () => {
    const seen = (await post({ url: url('/echo') })) as Seen
    expect(seen).toMatchObject({
      url: '/echo?timeout=10s',
      method: 'POST',
      body: { hello: 'there' },
      clientCertificate: false,
    })
    expect(seen.headers).toMatchObject({ 'content-type': 'application/json', accept: 'application/json, */*' })
  })

  it('is found by its Service, whose name its certificate must have', async () => {
    const service = { namespace: 'default', name: 'hook', path: '/echo' }
    expect(await post({ service })).toMatchObject({ headers: { host: 'hook.default.svc' } })
    const text =
      'Post "https://other.default.svc:443/echo?timeout=10s": tls: failed to verify certificate: x509: certificate is valid for hook.default.svc, not other.default.svc'
    await expect(post({ service: { ...service, name: 'other' } })).rejects.toThrow(text)
  })

  it('is called again over the same connection, and over a new one when that has ended', async () => {
    await post({ url: url('/echo/again') })
    const before = connections
    for (let i = 0; i < 5; i++) await post({ url: url('/echo/again') })
    expect(connections).toBe(before)
    server.closeIdleConnections()
    await post({ url: url('/echo/again') })
    expect(connections).toBe(before + 1)
  })

  it.each([
    ['/redirect', 'the server responded with the status code 302 but did not return more information'],
    ['/broken', 'an error on the server ("oh no") has prevented the request from succeeding'],
    ['/empty', '0-length response with status code: 200 and content type: application/json'],
    ['/text', "couldn't get version/kind; json parse error"],
    ['/huge', 'the answer is larger than 33554432 bytes'],
    ['/end', '/end?timeout=10s": EOF'],
  ])('at %s gives no answer', async (path, text) => {
    await expect(post({ url: url(path) })).rejects.toThrow(text)
  })

  it('answers an error with its code', async () => {
    const error: unknown = await post({ url: url('/broken') }).catch((e: unknown) => e)
    expect(error).toBeInstanceOf(StatusError)
    expect((error as StatusError).code).toBe(500)
  })

  it('has so many seconds', async () => {
    const text = `Post "${url('/never')}?timeout=1s": context deadline exceeded`
    await expect(post({ url: url('/never') }, 1)).rejects.toThrow(text)
  })

  it('is not waited for when the request is over', async () => {
    const over = new AbortController()
    const answer = post({ url: url('/never') }, 10, over.signal)
    over.abort()
    await expect(answer).rejects.toThrow('context canceled')
    await expect(post({ url: url('/never') }, 10, AbortSignal.abort(timeout('x')))).rejects.toThrow(
      'context deadline exceeded',
    )
  })
})

describe('what is no webhook', () => {
  it('is refused for its certificate', async () => {
    const text = `Post "${url('/echo')}?timeout=10s": tls: failed to verify certificate: x509: certificate signed by unknown authority`
    await expect(post({ url: url('/echo'), caBundle: '' })).rejects.toThrow(text)
    const another = await createCA('another')
    const caBundle = Buffer.from(another.cert).toString('base64')
    await expect(post({ url: url('/echo'), caBundle })).rejects.toThrow(text)
  })

  it('does not listen, does not exist, or does not speak TLS', async () => {
    const closed = createServer()
    const free = await listen(closed)
    await new Promise((resolve) => closed.close(resolve))
    const refused = `dial tcp 127.0.0.1:${free}: connect: connection refused`
    await expect(post({ url: `https://127.0.0.1:${free}/` })).rejects.toThrow(refused)
    const nowhere = { namespace: 'default', name: 'nowhere', port: 8443 }
    const missing = 'Post "https://nowhere.default.svc:8443/?timeout=10s": service "nowhere" not found'
    await expect(post({ service: nowhere })).rejects.toThrow(missing)
    const plain = createServer((socket) => socket.on('error', () => undefined).end('HTTP/1.1 400 Bad Request\r\n\r\n'))
    await expect(post({ url: `https://127.0.0.1:${await listen(plain)}/` })).rejects.toThrow(
      'http: server gave HTTP response to HTTPS client',
    )
    plain.close()
  })

  it.each([
    [{}, 'webhook configuration must have either service or URL'],
    [
      { url: 'https://a.example', caBundle: 'bm90aGluZw==' },
      'unable to load root certificates: unable to parse bytes as PEM block',
    ],
    [{ url: 'http://a.example' }, 'unsupported protocol scheme "http:"'],
  ])('is refused at once: %j', (config, text) => {
    expect(() => clients.hook(config)).toThrow(text)
  })
})
