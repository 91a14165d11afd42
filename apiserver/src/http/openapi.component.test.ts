import { ProtobufReader } from '@kubets/shared/machinery/schema/protobuf-reader.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestServer, type TestServer } from '../test-server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server.stop())

type Json = Record<string, unknown>
const get = (path: string, headers: Record<string, string> = {}) => server.call(path, { headers })

interface Operation {
  operationId: string
  parameters?: { name: string }[]
  'x-kubernetes-action': string
  'x-kubernetes-group-version-kind': Json
}

describe('/openapi/v3', () => {
  it('names documents by their hashes, which stay good', async () => {
    const index = await get('/openapi/v3')
    const { paths } = index.json as unknown as { paths: Record<string, { serverRelativeURL: string }> }
    expect(Object.keys(paths)).toEqual(expect.arrayContaining(['api/v1', 'apis/apps/v1', 'apis/batch/v1']))
    expect((await get('/openapi/v3', { 'if-none-match': String(index.headers?.['etag']) })).code).toBe(304)

    const url = paths['apis/apps/v1']?.serverRelativeURL ?? ''
    const document = await get(url)
    expect(document.headers).toMatchObject({ 'cache-control': 'public, immutable', vary: 'Accept' })
    expect(document.headers?.['expires']).toMatch(/GMT$/)
    const etag = String(document.headers?.['etag'])
    expect(etag).toBe(`"${url.split('hash=')[1] ?? ''}"`)
    expect((await get(url, { 'if-none-match': etag })).code).toBe(304)
    expect((await get('/openapi/v3/apis/apps/v1')).headers?.['cache-control']).not.toContain('immutable')
    const old = await get('/openapi/v3/apis/apps/v1?hash=OLD')
    expect([old.code, old.headers?.['location']]).toEqual([301, url])
    expect((await get(url, { accept: 'text/html' })).code).toBe(406)
    expect((await get('/openapi/v3/apis/none/v1')).code).toBe(404)
  })

  it('comes as protobuf, under either name and with the same hash', async () => {
    const json = await get('/openapi/v3/apis/apps/v1')
    for (const type of ['spec.v3@v1.0+protobuf', 'spec.v3.v1.0+protobuf']) {
      const accept = `application/com.github.proto-openapi.${type}`
      const { headers, bytes } = await get('/openapi/v3/apis/apps/v1', { accept })
      expect(headers?.['content-type']).toBe('application/com.github.proto-openapi.spec.v3.v1.0+protobuf')
      expect(headers?.['etag']).toBe(json.headers?.['etag'])
      expect(headers?.['vary']).toBe('Accept')
      expect(bytes.subarray(0, 7).toString('latin1')).toBe('\n\x053.0.0')
      // paths are field 4, each with its name (1) and item (2)
      const fields = [...new ProtobufReader(bytes)]
      const paths = fields.find(({ number }) => number === 4)?.value as Buffer
      const names = [...new ProtobufReader(paths)].map(({ value }) =>
        [...new ProtobufReader(value as Buffer)].find(({ number }) => number === 1)?.value.toString(),
      )
      expect(names).toEqual(Object.keys(json.json['paths'] as object))
      const known = { accept, 'if-none-match': String(headers?.['etag']) }
      expect((await get('/openapi/v3/apis/apps/v1', known)).code).toBe(304)
    }
    const both = 'text/html, application/com.github.proto-openapi.spec.v3@v1.0+protobuf;q=0.5, application/json;q=0.1'
    expect((await get('/openapi/v3/apis/apps/v1', { accept: both })).bytes[0]).toBe(10)
  })

  it('has the components that its operations refer to', async () => {
    for (const place of ['api/v1', 'apis/apps/v1', 'apis/authentication.k8s.io/v1']) {
      const { text, json } = await get(`/openapi/v3/${place}`)
      const { schemas } = json['components'] as { schemas: Json }
      const references = new Set(
        [...text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map((match) => match[1] ?? ''),
      )
      expect(references.size).toBeGreaterThan(5)
      expect([...references].filter((name) => schemas[name] === undefined)).toEqual([])
    }
  })
})

describe('/openapi/v2', () => {
  it('is one document of everything', async () => {
    const { json, headers } = await get('/openapi/v2')
    const { paths, definitions } = json as unknown as {
      paths: Record<string, Record<string, Operation>>
      definitions: Json
    }
    const operations = Object.values(paths).flatMap(({ parameters: _, ...methods }) => Object.values(methods))
    const ids = operations.map(({ operationId }) => operationId)
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids).toEqual(
      expect.arrayContaining([
        'listCoreV1NamespacedPod',
        'listCoreV1PodForAllNamespaces',
        'deleteCoreV1CollectionNamespacedPod',
        'readCoreV1NamespacedPodLog',
        'connectCoreV1GetNamespacedPodExec',
        'connectCoreV1PutNodeProxyWithPath',
        'createCoreV1NamespacedPodEviction',
        'replaceAppsV1NamespacedDeploymentScale',
        'listRbacAuthorizationV1ClusterRole',
      ]),
    )
    const patch = paths['/apis/apps/v1/namespaces/{namespace}/deployments/{name}']?.['patch']
    expect(patch?.parameters?.map(({ name }) => name)).toEqual(expect.arrayContaining(['body', 'dryRun', 'force']))
    expect(patch).toMatchObject({
      'x-kubernetes-action': 'patch',
      'x-kubernetes-group-version-kind': { group: 'apps', version: 'v1', kind: 'Deployment' },
    })
    expect(definitions['io.k8s.api.core.v1.PodSpec']).toMatchObject({
      properties: {
        containers: {
          items: { $ref: '#/definitions/io.k8s.api.core.v1.Container' },
          'x-kubernetes-patch-merge-key': 'name',
          'x-kubernetes-patch-strategy': 'merge',
          'x-kubernetes-list-type': 'map',
        },
      },
    })
    const references = [...JSON.stringify(json).matchAll(/"#\/definitions\/([^"]+)"/g)].map((match) => match[1] ?? '')
    expect(references.filter((name) => definitions[name] === undefined)).toEqual([])
    expect((await get('/openapi/v2', { 'if-none-match': String(headers?.['etag']) })).code).toBe(304)
  })

  it('comes as protobuf, under either name', async () => {
    for (const type of ['spec.v2@v1.0+protobuf', 'spec.v2.v1.0+protobuf']) {
      const { headers, bytes } = await get('/openapi/v2', { accept: `application/com.github.proto-openapi.${type}` })
      expect(headers?.['content-type']).toBe('application/com.github.proto-openapi.spec.v2.v1.0+protobuf')
      expect(bytes.subarray(0, 5).toString('latin1')).toBe('\n\x032.0')
    }
    expect((await get('/openapi/v2', { accept: 'text/html' })).code).toBe(406)
  })
})
