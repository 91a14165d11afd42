import http2 from 'node:http2'
import https from 'node:https'
import { gunzipSync } from 'node:zlib'
import { schemaFor } from '@kubets/shared/api/schemas.ts'
import { decodeObject } from '@kubets/shared/machinery/schema/decode.ts'
import { parseProtobuf } from '@kubets/shared/machinery/schema/protobuf.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { startTestServer, type TestServer } from '../test-server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server.stop())

const maps = '/api/v1/namespaces/default/configmaps'
const table = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json' }
const create = (name: string, data: object = {}) => server.call(maps, { body: { metadata: { name }, data } })

describe('an object', () => {
  it('is created, read, changed, patched and deleted', async () => {
    const created = await create('one', { a: 'b' })
    expect(created.code).toBe(201)
    expect(created.json).toMatchObject({ kind: 'ConfigMap', apiVersion: 'v1', data: { a: 'b' } })
    const one = `${maps}/one`

    const put = await server.call(one, { method: 'PUT', body: { ...created.json, data: { c: 'd' } } })
    expect([put.code, put.json['data']]).toEqual([200, { c: 'd' }])
    const stale = await server.call(one, { method: 'PUT', body: { ...created.json, data: {} } })
    expect([stale.code, stale.json['reason']]).toEqual([409, 'Conflict'])

    const patch = (type: string, body: unknown) =>
      server.call(one, {
        method: 'PATCH',
        body: JSON.stringify(body),
        headers: { 'content-type': `application/${type}+json` },
      })
    const data = async (type: string, body: unknown) => (await patch(type, body)).json['data']
    expect(await data('merge-patch', { data: { c: null, e: 'f' } })).toEqual({ e: 'f' })
    expect(await data('json-patch', [{ op: 'add', path: '/data/g', value: 'h' }])).toEqual({ e: 'f', g: 'h' })
    expect(await data('strategic-merge-patch', { data: { e: 'x' } })).toEqual({ e: 'x', g: 'h' })

    const gone = await server.call(one, { method: 'DELETE' })
    expect(gone.json).toMatchObject({ kind: 'Status', status: 'Success', details: { name: 'one', kind: 'configmaps' } })
    const missing = await server.call(one)
    expect([missing.code, missing.json.message]).toEqual([404, 'configmaps "one" not found'])
  })

  // apiserver/pkg/endpoints/handlers/patch.go: a strategic patch is shown itself, else what the patch made of the object
  it.each([
    [
      'strategic-merge-patch',
      { data: { a: 1, b: null } },
      /^map\[data:map\[a:1 b:<nil>\]\]$/,
      'cannot convert int64 to string',
    ],
    ['strategic-merge-patch', { immutable: 'x' }, /^map\[immutable:x\]$/, 'unrecognized type: bool'],
    [
      'merge-patch',
      { immutable: 'x' },
      /^\{.*"immutable":"x".*\}$/,
      'json: cannot unmarshal string into Go struct field ConfigMap.immutable of type bool',
    ],
  ])('a %s of the wrong type is refused', async (type, patch, shown, why) => {
    await create('typed', { a: 'b' })
    const reply = await server.call(`${maps}/typed`, {
      method: 'PATCH',
      body: JSON.stringify(patch),
      headers: { 'content-type': `application/${type}+json` },
    })
    expect([reply.code, reply.json['reason']]).toEqual([422, 'Invalid'])
    const start = ' "" is invalid: patch: Invalid value: '
    const message = reply.json.message ?? ''
    expect(message.slice(0, start.length)).toBe(start)
    expect(message.slice(-why.length - 2)).toBe(`: ${why}`)
    expect(JSON.parse(message.slice(start.length, -why.length - 2))).toMatch(shown)
  })

  it('comes as YAML, as a table row, as metadata, or indented', async () => {
    await create('forms', { a: 'b' })
    const get = (headers: Record<string, string>, query = '') => server.call(`${maps}/forms${query}`, { headers })
    expect((await get({ accept: 'application/yaml' })).text).toContain('kind: ConfigMap\n')
    const rows = (await get(table)).json as unknown as {
      columnDefinitions: { name: string }[]
      rows: { cells: unknown[] }[]
    }
    expect(rows.columnDefinitions.map(({ name }) => name)).toEqual(['Name', 'Data', 'Age'])
    expect(rows.rows[0]?.cells.slice(0, 2)).toEqual(['forms', 1])
    const partial = await get({ accept: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io' })
    expect(partial.json).toMatchObject({ kind: 'PartialObjectMetadata', metadata: { name: 'forms' } })
    expect(partial.json['data']).toBeUndefined()
    expect((await get({}, '?pretty=true')).text).toContain('\n  "kind": "ConfigMap"')
  })

  it('may be written as YAML', async () => {
    const headers = { 'content-type': 'application/yaml' }
    const { code, json } = await server.call(maps, { body: 'metadata: {name: yaml}\ndata: {a: "1"}\n', headers })
    expect([code, json['data']]).toEqual([201, { a: '1' }])
  })
})

describe('a list', () => {
  it('arrives whole in every form, however long it is', async () => {
    const path = '/api/v1/namespaces/kube-public/configmaps'
    const text = 'x'.repeat(300_000)
    for (const name of ['l1', 'l2', 'l3']) {
      const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { text } }
      expect((await server.call(path, { body })).code).toBe(201)
    }
    const { json: newest } = await server.call(path)
    // of one moment: others write meanwhile, and a list says when it was
    const then = `${path}?resourceVersionMatch=Exact&resourceVersion=${String(newest.metadata?.['resourceVersion'])}`
    const as = (accept: string) => server.call(then, { headers: { accept } })
    const { json } = await server.call(then)
    expect(json.items).toHaveLength(3)
    expect((await server.call(`${then}&pretty=1`)).text).toBe(JSON.stringify(json, null, 2))
    const yaml = await as('application/yaml')
    expect(parse(yaml.text)).toEqual(json)
    const protobuf = await as('application/vnd.kubernetes.protobuf')
    expect(protobuf.bytes.length).toBe(Number(protobuf.headers['content-length']))
    expect(protobuf.text.split(text)).toHaveLength(4)
  })

  it('is compressed when it is long', async () => {
    await create('long', { text: 'x'.repeat(200_000) })
    const agent = new https.Agent()
    const body = await new Promise<Buffer>((resolve, reject) => {
      const options = {
        host: '127.0.0.1',
        port: server.port,
        path: maps,
        ca: server.authority.cert,
        ...server.admin.certificate,
        agent,
      }
      https
        .get({ ...options, headers: { 'accept-encoding': 'gzip' } }, (response) => {
          expect(response.headers['content-encoding']).toBe('gzip')
          const chunks: Buffer[] = []
          response.on('data', (chunk: Buffer) => chunks.push(chunk))
          response.on('end', () => resolve(Buffer.concat(chunks)))
        })
        .on('error', reject)
    })
    agent.destroy()
    const list = JSON.parse(gunzipSync(body).toString()) as { kind: string; items: unknown[] }
    expect(list.kind).toBe('ConfigMapList')
    expect(list.items.length).toBeGreaterThan(0)
  })

  it('pages', async () => {
    for (const name of ['p1', 'p2', 'p3']) await create(name)
    const first = await server.call(`${maps}?limit=2`)
    expect(first.json.items).toHaveLength(2)
    const next = String(first.json.metadata?.['continue'])
    const second = await server.call(`${maps}?limit=500&continue=${encodeURIComponent(next)}`)
    expect(second.json.items?.length).toBeGreaterThan(0)
  })

  it('is deleted as a whole', async () => {
    const { json } = await server.call(`${maps}?fieldSelector=metadata.name%3Dp1`, { method: 'DELETE' })
    expect(json).toMatchObject({ kind: 'ConfigMapList', items: [{ metadata: { name: 'p1' } }] })
    expect((await server.call(`${maps}/p1`)).code).toBe(404)
  })
})

describe('a watch', () => {
  it.each(['http/1.1', 'http/2'])('streams events over %s until its time is over', async (protocol) => {
    const { json } = await server.call(maps)
    const path = `${maps}?watch=true&timeoutSeconds=5&resourceVersion=${String(json.metadata?.['resourceVersion'])}`
    const events = protocol === 'http/2' ? lines2(path) : lines1(path)
    const name = `watched-${protocol.at(-1)}`
    await create(name)
    await server.call(`${maps}/${name}`, { method: 'DELETE' })
    const seen = (await events).map(
      (line) => JSON.parse(line) as { type: string; object: { metadata: { name: string } } },
    )
    expect(seen.map(({ type, object }) => [type, object.metadata.name])).toEqual([
      ['ADDED', name],
      ['DELETED', name],
    ])
  })
})

async function lines1(path: string): Promise<string[]> {
  const { text } = await server.call(path)
  return text.split('\n').filter((line) => line !== '')
}

async function lines2(path: string): Promise<string[]> {
  const session = http2.connect(`https://127.0.0.1:${server.port}`, {
    ca: server.authority.cert,
    ...server.admin.certificate,
  })
  const stream = session.request({ ':path': path })
  let text = ''
  stream.setEncoding('utf8')
  for await (const chunk of stream) text += String(chunk)
  session.close()
  return text.split('\n').filter((line) => line !== '')
}

describe('a pod', () => {
  it('gets its account, its token, its priority and its tolerations', async () => {
    await server.call('/api/v1/namespaces/default/serviceaccounts', { body: { metadata: { name: 'default' } } })
    const body = { metadata: { name: 'web' }, spec: { containers: [{ name: 'c', image: 'busybox' }] } }
    const { code, json } = await server.call('/api/v1/namespaces/default/pods', { body })
    expect(code).toBe(201)
    expect(json).toMatchObject({
      spec: {
        serviceAccountName: 'default',
        priority: 0,
        preemptionPolicy: 'PreemptLowerPriority',
        containers: [
          { volumeMounts: [{ mountPath: '/var/run/secrets/kubernetes.io/serviceaccount', readOnly: true }] },
        ],
        tolerations: [{ key: 'node.kubernetes.io/not-ready' }, { key: 'node.kubernetes.io/unreachable' }],
        volumes: [{ name: expect.stringMatching(/^kube-api-access-[a-z0-9]{5}$/) as string }],
      },
    })
  })

  it('needs an account that is there', async () => {
    const spec = { serviceAccountName: 'nobody', containers: [{ name: 'c', image: 'busybox' }] }
    const { code, json } = await server.call('/api/v1/namespaces/default/pods', {
      body: { metadata: { name: 'x' }, spec },
    })
    expect([code, json.message]).toEqual([
      403,
      'pods "x" is forbidden: error looking up service account default/nobody: serviceaccount "nobody" not found',
    ])
  })

  it('needs its container named in logs when there are several', async () => {
    const containers = ['a', 'b'].map((name) => ({ name, image: 'busybox' }))
    await server.call('/api/v1/namespaces/default/pods', { body: { metadata: { name: 'two' }, spec: { containers } } })
    const log = await server.call('/api/v1/namespaces/default/pods/two/log')
    expect([log.code, log.json.message]).toEqual([
      400,
      'a container name must be specified for pod two, choose one of: [a b]',
    ])
    expect((await server.call('/api/v1/namespaces/default/pods/two/log?container=a')).text).toBe('')
  })
})

describe('component statuses', () => {
  it('are those of the programs that upstream asks', async () => {
    const { json } = await server.call('/api/v1/componentstatuses')
    const items = json.items as { metadata: { name: string }; conditions: { type: string; status: string }[] }[]
    expect(items.map(({ metadata }) => metadata.name)).toEqual(['controller-manager', 'etcd-0', 'scheduler'])
    for (const { conditions } of items) expect(conditions).toMatchObject([{ type: 'Healthy' }])
    const etcd = { metadata: { name: 'etcd-0' }, conditions: [{ type: 'Healthy', status: 'True', message: 'ok' }] }
    expect((await server.call('/api/v1/componentstatuses/etcd-0')).json).toMatchObject(etcd)
    for (const name of ['other', '__proto__'])
      expect((await server.call(`/api/v1/componentstatuses/${name}`)).code).toBe(404)
  })
})

describe('discovery', () => {
  it('is one document for those who take it', async () => {
    const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json'
    const { json, headers } = await server.call('/apis', { headers: { accept } })
    expect(json).toMatchObject({ kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2' })
    expect(headers?.['content-type']).toBe('application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList')
    const again = await server.call('/apis', { headers: { accept, 'if-none-match': String(headers?.['etag']) } })
    expect(again.code).toBe(304)
  })

  it('is the same in protobuf', async () => {
    const form = ';g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'
    const get = (type: string) => server.call('/api', { headers: { accept: `${type}${form}` } })
    const [json, protobuf] = [await get('application/json'), await get('application/vnd.kubernetes.protobuf')]
    expect(protobuf.headers).toMatchObject({
      'content-type': `application/vnd.kubernetes.protobuf${form}`,
      etag: json.headers?.['etag'],
      'cache-control': 'public',
      vary: 'Accept',
    })
    const node = schemaFor('apidiscovery.k8s.io', 'v2', 'APIGroupDiscoveryList')
    const { object } = decodeObject(node, parseProtobuf(node, protobuf.bytes), 'Strict')
    const items = (object['items'] as { versions: { resources: object[] }[] }[])[0]?.versions[0]?.resources
    expect(items).toContainEqual({
      resource: 'pods',
      responseKind: { group: '', version: 'v1', kind: 'Pod' },
      scope: 'Namespaced',
      singularResource: 'pod',
      verbs: expect.arrayContaining(['get', 'list', 'watch']) as string[],
      shortNames: ['po'],
      categories: ['all'],
      subresources: expect.arrayContaining([
        {
          subresource: 'eviction',
          responseKind: { group: 'policy', version: 'v1', kind: 'Eviction' },
          verbs: ['create'],
        },
      ]) as object[],
    })
  })

  it('has the plain documents in every form', async () => {
    const core = await server.call('/api/v1')
    expect(core.json).toMatchObject({ kind: 'APIResourceList', groupVersion: 'v1' })
    expect(core.json['apiVersion']).toBeUndefined()
    const pods = (core.json['resources'] as { name: string }[]).find(({ name }) => name === 'pods')
    expect(pods).toMatchObject({ storageVersionHash: 'xPOwRZ+Yhw8=' })
    const protobuf = await server.call('/apis/apps/v1', { headers: { accept: 'application/vnd.kubernetes.protobuf' } })
    expect(parseProtobuf(schemaFor('', 'v1', 'APIResourceList'), protobuf.bytes)).toMatchObject({
      groupVersion: 'apps/v1',
    })
    for (const path of ['/api', '/apis', '/apis/apps', '/apis/apps/']) {
      expect((await server.call(path, { headers: { accept: 'application/yaml' } })).text).toMatch(
        /^(apiVersion|kind): /,
      )
    }
    expect((await server.call('/apis/none')).code).toBe(404)
  })

  it('names every resource of a group', async () => {
    const { json } = await server.call('/apis/apps/v1')
    const names = (json['resources'] as { name: string }[]).map(({ name }) => name)
    expect(names).toEqual(
      expect.arrayContaining(['deployments', 'deployments/scale', 'deployments/status', 'replicasets']),
    )
  })

  it('says what OpenAPI knows, and keeps its word', async () => {
    const { json } = await server.call('/openapi/v3')
    const url = (json as unknown as { paths: Record<string, { serverRelativeURL: string }> }).paths['apis/apps/v1']
    const document = await server.call(url?.serverRelativeURL ?? '')
    const paths = document.json['paths'] as Record<string, { patch?: { parameters: { name: string }[] } }>
    const patch = paths['/apis/apps/v1/namespaces/{namespace}/deployments/{name}']?.patch
    expect(patch?.parameters.map(({ name }) => name)).toContain('fieldValidation')
    expect(document.headers?.['cache-control']).toBe('public, immutable')
  })
})
