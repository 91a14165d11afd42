import { once } from 'node:events'
import http2 from 'node:http2'
import { connect } from 'node:tls'
import { createCA, issueCertificate } from '@kubets/shared/process/certificates.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestServer, type Identity, type TestServer } from '../test-server.ts'

let server: TestServer
let jane: Identity
beforeAll(async () => {
  server = await startTestServer()
  jane = await server.identity('jane', 'dev')
})
afterAll(() => server.stop())

const maps = '/api/v1/namespaces/default/configmaps'
const json = 'application/json'

describe('who asks', () => {
  it('is 401 without a certificate', async () => {
    const { code, json: status } = await server.call(maps, { as: {} })
    expect(code).toBe(401)
    expect(status).toEqual({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: 'Unauthorized',
      reason: 'Unauthorized',
      code: 401,
    })
  })

  it('is 401 with a certificate of another authority, or a token of nobody', async () => {
    const other = await createCA('other')
    const options = { commonName: 'x', organizations: ['system:masters'], usages: ['client' as const], days: 1 }
    const certificate = await issueCertificate(other, options)
    expect((await server.call('/version', { as: { certificate } })).code).toBe(401)
    expect((await server.call('/version', { as: { token: 'a.b.c' } })).code).toBe(401)
  })

  it('may be nobody for health and version', async () => {
    for (const path of ['/healthz', '/livez', '/readyz', '/version']) {
      expect((await server.call(path, { as: {} })).code).toBe(200)
    }
  })

  it('is 403 without a right', async () => {
    const { code, json: status } = await server.call('/api/v1/namespaces/y/pods', { as: jane })
    expect(code).toBe(403)
    expect(status.message).toBe(
      'pods is forbidden: User "jane" cannot list resource "pods" in API group "" in the namespace "y"',
    )
  })

  it('has a right as soon as a binding says so', async () => {
    const rbac = '/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings'
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' }
    const subjects = [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'jane' }]
    expect((await server.call(rbac, { body: { metadata: { name: 'jane' }, roleRef, subjects } })).code).toBe(201)
    await expect.poll(async () => (await server.call(maps, { as: jane })).code).toBe(200)
    expect((await server.call('/api/v1/namespaces/default/secrets', { as: jane })).code).toBe(403)
    expect((await server.call(maps, { as: jane, body: { metadata: { name: 'a' } } })).code).toBe(403)
  })

  it('may act as another', async () => {
    const headers = { 'impersonate-user': 'joe', 'impersonate-group': 'ops' }
    const { json: status } = await server.call('/api/v1/nodes', { headers })
    expect(status.message).toMatch(/^nodes is forbidden: User "joe" cannot list/)
    const { json: refused } = await server.call('/api/v1/nodes', { headers, as: jane })
    expect(refused.message).toMatch(/^users "joe" is forbidden: User "jane" cannot impersonate resource "users"/)
  })
})

describe('tokens', () => {
  const accounts = '/api/v1/namespaces/default/serviceaccounts'
  const whoami = '/apis/authentication.k8s.io/v1/selfsubjectreviews'
  const token = async (spec: object): Promise<string> => {
    const { json: request } = await server.call(`${accounts}/robot/token`, { body: { spec } })
    return (request as unknown as { status: { token: string } }).status.token
  }
  beforeAll(async () => {
    await server.call(accounts, { body: { metadata: { name: 'robot' } } })
  })

  it('say who they are', async () => {
    const { json: review } = await server.call(whoami, { as: { token: await token({}) }, body: {} })
    expect(review).toMatchObject({
      status: {
        userInfo: {
          username: 'system:serviceaccount:default:robot',
          groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'],
        },
      },
    })
  })

  it('for others are not taken here', async () => {
    const other = await token({ audiences: ['vault'] })
    expect((await server.call(whoami, { as: { token: other }, body: {} })).code).toBe(401)
    const review = { spec: { token: other, audiences: ['vault'] } }
    const { json: answer } = await server.call('/apis/authentication.k8s.io/v1/tokenreviews', { body: review })
    expect(answer).toMatchObject({ status: { authenticated: true, audiences: ['vault'] } })
  })

  it('live ten minutes at least', async () => {
    const { code, json: status } = await server.call(`${accounts}/robot/token`, {
      body: { spec: { expirationSeconds: 5 } },
    })
    expect(code).toBe(422)
    expect(status.message).toContain('may not specify a duration less than 10 minutes')
  })

  it('die with what they are bound to', async () => {
    const secrets = '/api/v1/namespaces/default/secrets'
    await server.call(secrets, { body: { metadata: { name: 'tie' } } })
    const bound = await token({ boundObjectRef: { kind: 'Secret', apiVersion: 'v1', name: 'tie' } })
    await server.call(`${secrets}/tie`, { method: 'DELETE' })
    await expect.poll(async () => (await server.call(whoami, { as: { token: bound }, body: {} })).code).toBe(401)
  })
})

describe('bad requests', () => {
  it.each([
    ['malformed JSON', { body: '{"a": ', headers: { 'content-type': json } }, 400, 'unexpected end of JSON input'],
    ['malformed YAML', { body: 'a: b\n c: [', headers: { 'content-type': 'application/yaml' } }, 400, 'yaml: line 1'],
    [
      'a foreign format',
      { body: 'x', headers: { 'content-type': 'text/plain' } },
      415,
      'application/json, application/yaml',
    ],
    [
      'another kind',
      { body: { kind: 'Secret', metadata: { name: 'a' } } },
      400,
      'Secret in version "v1" cannot be handled',
    ],
    [
      'another version',
      { body: { apiVersion: 'v2', metadata: { name: 'a' } } },
      400,
      'the API version in the data (v2) does not match',
    ],
    [
      'another namespace',
      { body: { metadata: { name: 'a', namespace: 'b' } } },
      400,
      'the namespace of the provided object does not match',
    ],
    ['a bad name', { body: { metadata: { name: 'A_' } } }, 422, 'metadata.name: Invalid value: "A_"'],
    ['a wrong type', { body: { metadata: { name: 'a' }, data: { b: 1 } } }, 400, 'cannot unmarshal number'],
    [
      'an object too large',
      { body: Buffer.alloc(3 * 1024 * 1024 + 1, 'a') },
      413,
      'Request entity too large: limit is 3145728',
    ],
  ])('%s', async (_, call, code, text) => {
    const reply = await server.call(maps, call)
    expect([reply.code, reply.json.message]).toEqual([code, expect.stringContaining(text)])
  })

  it('a client that reads no answer before it has sent all learns that it was too much', async () => {
    const { cert, key } = server.admin.certificate ?? {}
    const size = 4 * 1024 * 1024
    const socket = connect({ host: '127.0.0.1', port: server.port, ca: server.authority.cert, cert, key })
    socket.pause()
    const answer = new Promise<string>((resolve, reject) => {
      let text = ''
      socket.on('data', (chunk: Buffer) => (text += chunk.toString()))
      socket.on('end', () => resolve(text))
      socket.on('error', reject)
    })
    socket.write(`POST ${maps} HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${String(size)}\r\n\r\n`)
    socket.write(Buffer.alloc(size, 'a'), () => socket.resume())
    expect(await answer).toMatch(/^HTTP\/1.1 413 [^]*connection: close[^]*Request entity too large: limit is 3145728/)
    socket.destroy()
  })

  it('an unknown field is refused, told, or ignored', async () => {
    const body = { apiVersion: 'v1', metadata: { name: 'unknown' }, spec: { foo: 1 } }
    const strict = await server.call(`${maps}?fieldValidation=Strict`, { body })
    expect([strict.code, strict.json.message]).toEqual([
      400,
      'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "spec"',
    ])
    const warned = await server.call(`${maps}?dryRun=All`, { body })
    expect([warned.code, warned.headers?.['warning']]).toEqual([201, '299 - "unknown field \\"spec\\""'])
    const ignored = await server.call(`${maps}?dryRun=All&fieldValidation=Ignore`, { body })
    expect([ignored.code, ignored.headers?.['warning']]).toEqual([201, undefined])
    expect((await server.call(`${maps}/unknown`)).code).toBe(404)
  })

  it('unknown paths', async () => {
    for (const path of ['/nothing', '/apis/foo/v1/bars', '/apis/apps/v2']) {
      const { code, text } = await server.call(path)
      expect([code, text]).toEqual([404, '404 page not found\n'])
    }
    for (const path of ['/api/v1/foos', '/apis/apps/v1/foos/a', `${maps}/a/foo`]) {
      const { code, json: status } = await server.call(path)
      expect([code, status]).toEqual([
        404,
        expect.objectContaining({
          message: 'the server could not find the requested resource',
          reason: 'NotFound',
          details: {},
        }),
      ])
    }
  })

  it.each(['HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH'])('%s where it is not served', async (method) => {
    const path = method === 'POST' ? `${maps}/a` : maps
    const { code, json: status } = await server
      .call(path, { method, ...(method === 'POST' ? { body: {} } : {}) })
      .then((reply) => ({
        code: reply.code,
        json: reply.text === '' ? {} : reply.json,
      }))
    expect(code).toBe(405)
    if (method !== 'HEAD')
      expect(status).toMatchObject({
        reason: 'MethodNotAllowed',
        message: 'the server does not allow this method on the requested resource',
      })
  })

  it('a namespace that is not there', async () => {
    const { code, json: status } = await server.call('/api/v1/namespaces/nope/configmaps', {
      body: { metadata: { name: 'a' } },
    })
    expect([code, status.message]).toEqual([404, 'namespaces "nope" not found'])
  })

  it('the end of an everlasting namespace', async () => {
    const { code, json: status } = await server.call('/api/v1/namespaces/default', { method: 'DELETE' })
    expect([code, status.message]).toEqual([
      403,
      'namespaces "default" is forbidden: this namespace may not be deleted',
    ])
  })
})

describe('connections', () => {
  it('may be idle for as long as clients in Go and Python keep theirs', async () => {
    const { cert, key } = server.admin.certificate ?? {}
    const socket = connect({ host: '127.0.0.1', port: server.port, ca: server.authority.cert, cert, key })
    socket.write('GET /version HTTP/1.1\r\nhost: localhost\r\n\r\n')
    const [answer] = (await once(socket, 'data')) as [Buffer]
    expect(answer.toString()).toMatch(/^HTTP\/1.1 200 [^]*keep-alive: timeout=90\r\n/i)
    socket.destroy()
  })

  it.each(['HTTP/1.1', 'HTTP/2'])('take selectors of 100 KB over %s', async (protocol) => {
    const names = Array.from({ length: 5000 }, (_, index) => `some-name-${String(10_000 + index)}`)
    const path = `${maps}?labelSelector=${encodeURIComponent(`app in (${names.join(',')})`)}`
    if (protocol === 'HTTP/1.1') {
      const { code, json: list } = await server.call(path)
      expect([code, list.items]).toEqual([200, []])
      return
    }
    const { cert = '', key = '' } = server.admin.certificate ?? {}
    const session = http2.connect(`https://127.0.0.1:${String(server.port)}`, {
      ca: server.authority.cert,
      cert,
      key,
      maxSendHeaderBlockLength: 1 << 20,
    })
    try {
      const [headers] = (await once(session.request({ ':path': path }), 'response')) as [http2.IncomingHttpHeaders]
      expect(headers[':status']).toBe(200)
    } finally {
      session.destroy()
    }
  })
})
