import { once } from 'node:events'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import { networkInterfaces } from 'node:os'
import type { TLSSocket } from 'node:tls'
import tls from 'node:tls'
import { createCA, issueCertificate, type CertificateAndKey } from '@kubets/shared/process/certificates.ts'
import { waitFor } from '@kubets/shared/testing/wait.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestServer, type TestServer } from '../test-server.ts'

// endpoints may not be in the loopback range; what is sent to an address of this machine stays on it all the same
const address =
  Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? 'no address'
const group = 'wardle.example.com'
const path = `/apis/${group}/v1alpha1`

let server: TestServer
let extension: Extension
let caBundle: string

beforeAll(async () => {
  server = await startTestServer()
  const authority = await createCA('extension-ca')
  caBundle = Buffer.from(authority.cert).toString('base64')
  extension = await startExtension(authority)
  await server.call('/api/v1/namespaces/default/services', {
    body: {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'sample-api' },
      spec: { ports: [{ port: 7443, targetPort: extension.port }] },
    },
  })
})
afterAll(async () => {
  await server.stop()
  extension.stop()
})

interface Extension {
  port: number
  /** What it was asked, newest last. */
  requests: { method: string; url: string; headers: Record<string, unknown>; peer: string }[]
  stop(): void
}

/** The newest request for this; the aggregator asks for discovery and OpenAPI beside what is tried. */
const lastAsked = (url: string) => extension.requests.findLast((request) => request.url === url)

const flunders = {
  name: 'flunders',
  singularName: 'flunder',
  namespaced: true,
  kind: 'Flunder',
  verbs: ['get', 'list', 'watch', 'create'],
}

const definition = (name: string) => ({ $ref: `#/definitions/${name}` })
const podName = 'io.k8s.api.core.v1.Pod'
const swagger = {
  swagger: '2.0',
  info: { title: 'wardle', version: '1' },
  paths: {
    [`${path}/flunders`]: {
      get: { responses: { 200: { description: 'OK', schema: definition('com.example.wardle.Flunder') } } },
    },
    '/apis/apps/v1/deployments': { get: { description: 'not of this group' } },
    [`${path}/broken`]: { get: { parameters: 7 } },
  },
  definitions: {
    'com.example.wardle.Flunder': { type: 'object', properties: { pod: definition(podName) } },
    [podName]: { type: 'object', description: 'Another Pod altogether' },
    'com.example.wardle.Unused': { type: 'object' },
  },
}

/** Does the server behind have no v3 documents? */
let lacksV3 = false

/** A server that tells what reached it, as an aggregated API server in another process would be. */
async function startExtension(authority: CertificateAndKey): Promise<Extension> {
  const certificate = await issueCertificate(authority, {
    commonName: 'sample-api.default.svc',
    dnsNames: ['sample-api.default.svc'],
    usages: ['server'],
    days: 1,
  })
  const requests: Extension['requests'] = []
  const http = https.createServer(
    { ...certificate, requestCert: true, ca: server.frontProxyAuthority.cert, rejectUnauthorized: false },
    (request, response) => {
      const socket = request.socket as TLSSocket
      const { url = '', method = '', headers } = request
      const peer = socket.authorized ? [socket.getPeerCertificate().subject.CN].flat().join() : ''
      requests.push({ url, method, headers, peer })
      response.setHeader('content-type', 'application/json')
      if (url === path) {
        response.end(
          JSON.stringify({
            kind: 'APIResourceList',
            apiVersion: 'v1',
            groupVersion: `${group}/v1alpha1`,
            resources: [flunders],
          }),
        )
      } else if (url === '/openapi/v2') {
        response.setHeader('etag', '"one"')
        if (headers['if-none-match'] === '"one"') response.writeHead(304).end()
        else response.end(JSON.stringify(swagger))
      } else if (url === '/openapi/v3' && lacksV3) {
        response.writeHead(404).end()
      } else if (url === '/openapi/v3') {
        const serverRelativeURL = `/openapi/v3${path}?hash=ABC`
        const others = {
          version: { serverRelativeURL: '/openapi/v3/version' },
          'apis/apps/v1': { serverRelativeURL: 'x' },
        }
        response.end(JSON.stringify({ paths: { ...others, [path.slice(1)]: { serverRelativeURL } } }))
      } else if (url.includes('watch=')) {
        response.write('{"type":"ADDED"}\n')
        request.on('close', () => response.end())
      } else {
        let body = ''
        request.on('data', (chunk: Buffer) => (body += chunk.toString()))
        request.on('end', () =>
          response.writeHead(method === 'POST' ? 201 : 200).end(JSON.stringify({ method, url, body })),
        )
      }
    },
  )
  http.on('upgrade', (_, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n')
    socket.pipe(socket)
  })
  http.listen(0, address)
  await once(http, 'listening')
  return {
    port: (http.address() as AddressInfo).port,
    requests,
    stop: () => {
      http.closeAllConnections()
      http.close()
    },
  }
}

const name = `v1alpha1.${group}`
const apiServices = '/apis/apiregistration.k8s.io/v1/apiservices'

async function condition(): Promise<{ status: string; reason: string; message: string } | undefined> {
  const { json } = await server.call(`${apiServices}/${name}`)
  return (json['status'] as { conditions?: { status: string; reason: string; message: string }[] } | undefined)
    ?.conditions?.[0]
}
const reached = (reason: string) =>
  waitFor(async () => ((await condition())?.reason === reason ? condition() : undefined))

describe('what this server serves itself', () => {
  it('has APIServices that are available', async () => {
    const { json } = await server.call(apiServices)
    const items = json.items as {
      metadata: { name: string; labels: object }
      spec: object
      status: { conditions: object[] }
    }[]
    const apps = items.find(({ metadata }) => metadata.name === 'v1.apps')
    expect(apps?.metadata.labels).toEqual({ 'kube-aggregator.kubernetes.io/automanaged': 'onstart' })
    expect(apps?.status.conditions).toEqual([
      {
        type: 'Available',
        status: 'True',
        reason: 'Local',
        message: 'Local APIServices are always available',
        lastTransitionTime: expect.any(String) as string,
      },
    ])
    expect(items.map(({ metadata }) => metadata.name)).toContain('v1.')
    expect((await server.call('/apis/apps/v1/deployments')).code).toBe(200)
  })

  it('has them for custom resources too, as long as these are defined', async () => {
    const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
    const created = await server.call(definitions, {
      body: {
        apiVersion: 'apiextensions.k8s.io/v1',
        kind: 'CustomResourceDefinition',
        metadata: { name: 'tabs.stable.example.com' },
        spec: {
          group: 'stable.example.com',
          scope: 'Namespaced',
          names: { plural: 'tabs', singular: 'tab', kind: 'Tab' },
          versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
        },
      },
    })
    expect(created.code).toBe(201)
    const custom = `${apiServices}/v1.stable.example.com`
    const { json } = await waitFor(async () => {
      const answer = await server.call(custom)
      return answer.code === 200 ? answer : undefined
    })
    expect(json['spec']).toEqual({
      group: 'stable.example.com',
      version: 'v1',
      groupPriorityMinimum: 1000,
      versionPriority: 100,
    })
    expect(json.metadata?.['labels']).toEqual({ 'kube-aggregator.kubernetes.io/automanaged': 'true' })
    await server.call(`${definitions}/tabs.stable.example.com`, { method: 'DELETE' })
    await waitFor(async () => (await server.call(custom)).code === 404)
  })
})

describe('an APIService that names a service', () => {
  it('is unavailable until its service has endpoints', async () => {
    const created = await server.call(apiServices, {
      body: {
        apiVersion: 'apiregistration.k8s.io/v1',
        kind: 'APIService',
        metadata: { name },
        spec: {
          group,
          version: 'v1alpha1',
          service: { namespace: 'default', name: 'sample-api', port: 7443 },
          groupPriorityMinimum: 2000,
          versionPriority: 200,
          caBundle,
        },
      },
    })
    expect(created.code).toBe(201)
    expect((await reached('EndpointsNotFound'))?.message).toBe(
      'cannot find endpointslices for service/sample-api in "default"',
    )
    const answer = await server.call(`${path}/flunders`)
    expect([answer.code, answer.text]).toEqual([503, 'service unavailable\n'])
  })

  it('becomes available when they answer', async () => {
    const slice = (port: number) => ({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'sample-api', labels: { 'kubernetes.io/service-name': 'sample-api' } },
      addressType: 'IPv4',
      endpoints: [{ addresses: [address] }],
      ports: [{ name: '', port }],
    })
    const slices = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices'
    expect((await server.call(slices, { body: slice(1) })).code).toBe(201)
    const refused = `https://${address}:1${path}`
    expect((await reached('FailedDiscoveryCheck'))?.message).toBe(
      `failing or missing response from ${refused}: Get "${refused}": dial tcp ${address}:1: connect: connection refused`,
    )
    await server.call(`${slices}/sample-api`, { method: 'PUT', body: slice(extension.port) })
    expect((await reached('Passed'))?.message).toBe('all checks passed')
    const asked = lastAsked(path)
    expect([asked?.url, asked?.peer, asked?.headers['x-remote-user']]).toEqual([
      path,
      'front-proxy-client',
      'system:kube-aggregator',
    ])
  })

  it('is in discovery, old form and new', async () => {
    const { json } = await server.call('/apis')
    const groups = (json as unknown as { groups: { name: string; preferredVersion: object }[] }).groups
    expect(groups[0]?.name).toBe('apiregistration.k8s.io')
    expect(groups.at(-1)).toMatchObject({
      name: group,
      preferredVersion: { groupVersion: `${group}/v1alpha1`, version: 'v1alpha1' },
    })
    expect((await server.call(`/apis/${group}`)).json['kind']).toBe('APIGroup')
    expect((await server.call(path)).json['resources']).toEqual([flunders])
    const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'
    const aggregated = await server.call('/apis', { headers: { accept } })
    expect(aggregated.json.items?.at(-1)).toMatchObject({
      metadata: { name: group },
      versions: [
        { version: 'v1alpha1', freshness: 'Current', resources: [{ resource: 'flunders', scope: 'Namespaced' }] },
      ],
    })
  })

  it('is in OpenAPI, v2 merged and v3 passed on', async () => {
    type V2 = { paths: Record<string, object>; definitions: Record<string, { description?: string }> }
    const v2 = await waitFor(async () => {
      const json = (await server.call('/openapi/v2')).json as unknown as V2
      return json.paths[`${path}/flunders`] === undefined ? undefined : json
    })
    expect(v2.definitions['com.example.wardle.Flunder']).toEqual({
      type: 'object',
      properties: { pod: definition(`${podName}_v2`) },
    })
    expect(v2.definitions[`${podName}_v2`]?.description).toBe('Another Pod altogether')
    expect(v2.definitions[podName]?.description).toMatch(/^Pod is a collection/)
    expect([v2.definitions['com.example.wardle.Unused'], v2.paths[`${path}/broken`]]).toEqual([undefined, undefined])
    expect(v2.paths['/apis/apps/v1/deployments']).not.toEqual({ get: { description: 'not of this group' } })
    const accept = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf'
    expect((await server.call('/openapi/v2', { headers: { accept } })).text).toContain('com.example.wardle.Flunder')
    const asker = extension.requests.find(({ url }) => url === '/openapi/v2')
    expect([asker?.headers['x-remote-user'], asker?.headers['x-remote-group'], asker?.peer]).toEqual([
      'system:aggregator',
      undefined,
      'front-proxy-client',
    ])

    const place = path.slice(1)
    const index = await waitFor(async () => {
      const { paths } = (await server.call('/openapi/v3')).json as unknown as {
        paths: Record<string, { serverRelativeURL: string }>
      }
      return paths[place] === undefined ? undefined : paths
    })
    const url = index[place]?.serverRelativeURL ?? ''
    expect([url, index['apis/apps/v1']?.serverRelativeURL === 'x', index['version']]).toEqual([
      `/openapi/v3/${place}?hash=ABC`,
      false,
      undefined,
    ])
    expect((await server.call(url)).json).toEqual({ method: 'GET', url, body: '' })
    expect(lastAsked(url)?.headers['x-remote-user']).toBe('kubernetes-admin')
  })

  it('is in OpenAPI v3 by what its v2 document says, when it has none', async () => {
    lacksV3 = true
    const spec = {
      group: 'legacy.example.com',
      version: 'v1beta1',
      service: { name: 'sample-api', namespace: 'default', port: 7443 },
      caBundle,
      groupPriorityMinimum: 1000,
      versionPriority: 15,
    }
    const legacy = 'v1beta1.legacy.example.com'
    const created = await server.call(apiServices, { body: { metadata: { name: legacy }, spec } })
    expect(created.code).toBe(201)
    const place = 'apis/legacy.example.com/v1beta1'
    const url = await waitFor(async () => {
      const { paths } = (await server.call('/openapi/v3')).json as unknown as {
        paths: Record<string, { serverRelativeURL: string }>
      }
      return paths[place]?.serverRelativeURL
    })
    expect(url).toMatch(new RegExp(`^/openapi/v3/${place}\\?hash=[0-9A-F]{128}$`))
    const { code, json, headers } = await server.call(url)
    expect([code, headers['cache-control'], headers['etag']]).toEqual([
      200,
      'public, immutable',
      `"${url.split('hash=')[1]}"`,
    ])
    expect(json).toMatchObject({
      openapi: '3.0.0',
      info: { title: 'wardle' },
      components: {
        schemas: {
          'com.example.wardle.Flunder': { properties: { pod: { $ref: `#/components/schemas/${podName}` } } },
        },
      },
    })
    expect((await server.call(url, { headers: { 'if-none-match': headers['etag'] as string } })).code).toBe(304)
    const moved = await server.call(`/openapi/v3/${place}?hash=OLD`)
    expect([moved.code, moved.headers['location']]).toEqual([301, url])
    const accept = 'application/com.github.proto-openapi.spec.v3.v1.0+protobuf'
    expect((await server.call(url, { headers: { accept } })).text).toContain('com.example.wardle.Flunder')
    await server.call(`${apiServices}/${legacy}`, { method: 'DELETE' })
    await waitFor(async () => (await server.call(`/openapi/v3/${place}`)).code === 404)
  })

  it('is passed requests of every kind, with the user and the proxy certificate', async () => {
    const url = `${path}/namespaces/default/flunders?fieldManager=a%20b`
    const created = await server.call(url, {
      body: { kind: 'Flunder' },
      headers: {
        'Impersonate-User': 'jane/doe',
        'Impersonate-Uid': '7',
        'Impersonate-Group': 'system:masters',
        'Impersonate-Extra-Example.com%2Fscope': 'all',
        'X-Remote-User': 'mallory',
        Authorization: 'Bearer nothing',
      },
    })
    expect([created.code, created.json]).toEqual([201, { method: 'POST', url, body: '{"kind":"Flunder"}' }])
    const { headers, peer } = lastAsked(url) ?? { headers: {}, peer: '' }
    expect(peer).toBe('front-proxy-client')
    expect(headers).toMatchObject({
      'x-remote-user': 'jane/doe',
      'x-remote-uid': '7',
      'x-remote-group': 'system:masters, system:authenticated',
      'x-remote-extra-example.com%2fscope': 'all',
    })
    expect(Object.keys(headers).filter((header) => /^(impersonate-|authorization$)/.test(header))).toEqual([])
    const deleted = await server.call(`${path}/namespaces/default/flunders/a`, { method: 'DELETE' })
    expect(deleted.json['method']).toBe('DELETE')
  })

  it('is passed nothing by who may not', async () => {
    const jane = await server.identity('jane')
    const url = `${path}/namespaces/default/flunders?by=jane`
    const answer = await server.call(url, { as: jane })
    expect([answer.code, answer.json.message]).toEqual([
      403,
      `flunders.${group} is forbidden: User "jane" cannot list resource "flunders" in API group "${group}" in the namespace "default"`,
    ])
    expect(lastAsked(url)).toBe(undefined)
  })

  it('streams watches and passes upgrades', async () => {
    const line = await new Promise<string>((resolve, reject) => {
      const request = https.get(
        {
          host: '127.0.0.1',
          port: server.port,
          path: `${path}/flunders?watch=1`,
          ca: server.authority.cert,
          ...server.admin.certificate,
          agent: false,
        },
        (response) => {
          response.once('data', (chunk: Buffer) => {
            resolve(chunk.toString())
            request.destroy()
          })
        },
      )
      request.on('error', reject)
    })
    expect(line).toBe('{"type":"ADDED"}\n')

    const socket = tls.connect({
      host: '127.0.0.1',
      port: server.port,
      ca: server.authority.cert,
      ALPNProtocols: ['http/1.1'],
      ...server.admin.certificate,
    })
    socket.write(
      `GET ${path}/namespaces/default/flunders/a/exec HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nhello`,
    )
    let received = ''
    socket.on('data', (chunk: Buffer) => (received += chunk.toString()))
    await waitFor(() => received.endsWith('hello'))
    expect(received).toMatch(/^HTTP\/1\.1 101 /)
    socket.destroy()
  })

  it('is told apart from one whose certificate is not of the bundle', async () => {
    const other = await createCA('another-ca')
    const patch = (spec: object) =>
      server.call(`${apiServices}/${name}`, {
        method: 'PATCH',
        body: { spec },
        headers: { 'content-type': 'application/merge-patch+json' },
      })
    await patch({ caBundle: Buffer.from(other.cert).toString('base64') })
    const refused = await waitFor(async () => {
      const answer = await server.call(`${path}/flunders`)
      return answer.code === 503 ? answer : undefined
    })
    expect(refused.text).toMatch(/^error trying to reach service: /)
    await patch({ caBundle: null, insecureSkipTLSVerify: true })
    await waitFor(async () => (await server.call(`${path}/flunders`)).code === 200)
  })

  it('goes when its service goes, and leaves nothing when it is deleted itself', async () => {
    await server.call('/api/v1/namespaces/default/services/sample-api', { method: 'DELETE' })
    expect((await reached('ServiceNotFound'))?.message).toBe('service/sample-api in "default" is not present')
    await server.call(`${apiServices}/${name}`, { method: 'DELETE' })
    await waitFor(async () => (await server.call(`${path}/flunders`)).code === 404)
    await waitFor(async () => !(await server.call('/openapi/v2')).text.includes('wardle'))
    expect((await server.call('/openapi/v3')).text).not.toContain('wardle')
    expect((await server.call(`/openapi/v3${path}`)).code).toBe(404)
  })
})
