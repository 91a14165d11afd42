import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestServer, type Call, type TestServer } from '../test-server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server.stop())

const maps = '/api/v1/namespaces/default/configmaps'
const table = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' }
const create = (name: string, more: object = {}) =>
  server.call(maps, { body: { metadata: { name }, data: { a: 'b' }, ...more } })
const refusal = async (path: string, call: Call = {}) => {
  const { code, json } = await server.call(path, call)
  return [code, json.message]
}
const options = (kind: string, text: string) => `${kind}.meta.k8s.io "" is invalid: ${text}`
const patch = (body: unknown): Call => ({
  method: 'PATCH',
  body: JSON.stringify(body),
  headers: { 'content-type': 'application/merge-patch+json' },
})

describe('options of a write', () => {
  it.each([
    ['dryRun=Some', 'dryRun: Unsupported value: ["Some"]: supported values: "All"'],
    [
      'fieldValidation=Loose',
      'fieldValidation: Unsupported value: "Loose": supported values: "", "Ignore", "Strict", "Warn"',
    ],
    [`fieldManager=${'m'.repeat(129)}`, 'fieldManager: Too long: may not be more than 128 bytes'],
    ['fieldManager=a%07', 'fieldManager: Invalid value: "a\\a": invalid character U+0007 (at position 1)'],
  ])('%s is refused', async (query, text) => {
    expect(await refusal(`${maps}?${query}`, { body: {} })).toEqual([422, options('CreateOptions', text)])
    const put = { method: 'PUT', body: {} }
    expect(await refusal(`${maps}/a?${query}`, put)).toEqual([422, options('UpdateOptions', text)])
    expect(await refusal(`${maps}/a?${query}`, patch({}))).toEqual([422, options('PatchOptions', text)])
  })

  it('force is for apply', async () => {
    const text = 'force: Forbidden: may not be specified for non-apply patch'
    expect(await refusal(`${maps}/a?force=true`, patch({}))).toEqual([422, options('PatchOptions', text)])
  })

  it('dryRun stores nothing', async () => {
    await create('dry')
    const { json: before } = await server.call(`${maps}/dry`)
    expect((await server.call(`${maps}?dryRun=All`, { body: { metadata: { name: 'never' } } })).code).toBe(201)
    expect((await server.call(`${maps}/dry?dryRun=All`, patch({ data: { a: 'c' } }))).json['data']).toEqual({ a: 'c' })
    expect((await server.call(`${maps}/dry?dryRun=All`, { method: 'DELETE' })).code).toBe(200)
    expect((await server.call(`${maps}?dryRun=All`, { method: 'DELETE' })).code).toBe(200)
    expect((await server.call(`${maps}/dry`)).json).toEqual(before)
    expect((await server.call(`${maps}/never`)).code).toBe(404)
  })
})

describe('options of a delete', () => {
  const remove = (name: string, body: object): Call & { path: string } => ({
    path: `${maps}/${name}`,
    method: 'DELETE',
    body,
  })

  it.each([
    [
      { propagationPolicy: 'Some' },
      'propagationPolicy: Unsupported value: "Some": supported values: "Foreground", "Background", "Orphan", "nil"',
    ],
    [
      { propagationPolicy: 'Orphan', orphanDependents: true },
      'propagationPolicy: Invalid value: "Orphan": orphanDependents and deletionPropagation cannot be both set',
    ],
    [{ dryRun: ['Some'] }, 'dryRun: Unsupported value: ["Some"]: supported values: "All"'],
  ])('%o is refused', async (body, text) => {
    await create('held')
    const call = remove('held', body)
    expect(await refusal(call.path, call)).toEqual([422, options('DeleteOptions', text)])
    expect(await refusal(maps, { method: 'DELETE', body })).toEqual([422, options('DeleteOptions', text)])
    expect((await server.call(`${maps}/held`)).code).toBe(200)
  })

  it('preconditions hold, or it is a conflict', async () => {
    const { json } = await create('precise')
    const { uid, resourceVersion } = json.metadata as { uid: string; resourceVersion: string }
    const call = remove('precise', { preconditions: { uid: 'other' } })
    expect(await refusal(call.path, call)).toEqual([
      409,
      `Operation cannot be fulfilled on ConfigMap "precise": the UID in the precondition (other) does not match the UID in record (${uid}). The object might have been deleted and then recreated`,
    ])
    const stale = remove('precise', { preconditions: { resourceVersion: '1' } })
    expect(await refusal(stale.path, stale)).toEqual([
      409,
      `Operation cannot be fulfilled on ConfigMap "precise": the ResourceVersion in the precondition (1) does not match the ResourceVersion in record (${resourceVersion}). The object might have been modified`,
    ])
    const right = remove('precise', { preconditions: { uid, resourceVersion }, gracePeriodSeconds: -1 })
    expect((await server.call(right.path, right)).code).toBe(200)
  })

  it('leaves what has finalizers, and a policy adds one', async () => {
    await create('final', { metadata: { name: 'final', finalizers: ['example.com/hold'] } })
    const { json } = await server.call(`${maps}/final?propagationPolicy=Foreground`, { method: 'DELETE' })
    expect(json.metadata).toMatchObject({ finalizers: ['example.com/hold', 'foregroundDeletion'] })
    expect(json.metadata?.['deletionTimestamp']).toBeDefined()
    const { json: gone } = await server.call(`${maps}/final`, patch({ metadata: { finalizers: null } }))
    expect(gone['kind']).toBe('ConfigMap')
    expect((await server.call(`${maps}/final`)).code).toBe(404)
  })
})

describe('a list', () => {
  it('does not change from page to page', async () => {
    for (const name of ['s1', 's2', 's3']) await create(name, { metadata: { name, labels: { set: 'pages' } } })
    const page = (query: string) => server.call(`${maps}?labelSelector=set%3Dpages&limit=1${query}`)
    const first = await page('')
    await server.call(`${maps}/s2`, { method: 'DELETE' })
    const names: unknown[] = []
    let next = first
    for (;;) {
      names.push(...(next.json.items as { metadata: { name: string } }[]).map(({ metadata }) => metadata.name))
      expect(next.json.metadata?.['resourceVersion']).toBe(first.json.metadata?.['resourceVersion'])
      const token = next.json.metadata?.['continue']
      if (typeof token !== 'string') break
      next = await page(`&continue=${encodeURIComponent(token)}`)
    }
    expect(names).toEqual(['s1', 's2', 's3'])
  })

  const listOptions = (text: string) => options('ListOptions', text)
  it.each([
    [
      'resourceVersionMatch=Exact',
      422,
      listOptions(
        'resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided',
      ),
    ],
    [
      'sendInitialEvents=true',
      422,
      listOptions('sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list'),
    ],
    [
      'watch=1&sendInitialEvents=true',
      422,
      listOptions(
        'resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
      ),
    ],
    ['limit=x', 400, 'strconv.ParseInt: parsing "x": invalid syntax'],
    ['timeoutSeconds=x', 400, 'strconv.ParseInt: parsing "x": invalid syntax'],
    ['continue=zzz', 400, expect.stringContaining('continue key is not valid')],
    ['fieldSelector=a', 400, `invalid selector: 'a'; can't understand 'a'`],
    [
      'fieldSelector=spec.x%3Da',
      400,
      '"spec.x" is not a known field selector: only "metadata.name", "metadata.namespace"',
    ],
    ['labelSelector=a%20b', 400, expect.stringContaining('unable to parse requirement')],
  ])('%s is refused', async (query, code, text) => {
    expect(await refusal(`${maps}?${query}`)).toEqual([code, text])
  })

  it('knows which selectors pods have', async () => {
    const text = 'field label not supported: spec.x'
    expect(await refusal('/api/v1/pods?fieldSelector=spec.x%3Da')).toEqual([400, text])
  })

  it('from the future is not waited for without end', async () => {
    const { code, json, headers } = await server.call(
      `${maps}?resourceVersion=99999999&resourceVersionMatch=NotOlderThan`,
    )
    expect(code).toBe(504)
    expect(json.message).toMatch(/^Timeout: Too large resource version: 99999999, current: \d+$/)
    expect(json['details']).toEqual({
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
      retryAfterSeconds: 1,
    })
    expect(headers?.['retry-after']).toBe('1')
  })
})

describe('a table', () => {
  const rows = async (include: string) => {
    const { json } = await server.call(`${maps}?includeObject=${include}&limit=1`, { headers: table })
    return (json['rows'] as { object: { kind: string; data?: object } | null }[])[0]?.object
  }
  it('has as much of its objects as was asked for', async () => {
    await create('rows')
    expect(await rows('None')).toBeNull()
    expect((await rows(''))?.kind).toBe('PartialObjectMetadata')
    expect((await rows('Metadata'))?.data).toBeUndefined()
    expect((await rows('Object'))?.kind).toBe('ConfigMap')
    expect(await refusal(`${maps}?includeObject=All`, { headers: table })).toEqual([
      400,
      `Unable to convert to Table as requested: includeObject: Invalid value: "All": must be 'Metadata', 'Object', 'None', or empty`,
    ])
  })

  it('is not made of what has none, but a delete still says how it went', async () => {
    const review = { kind: 'SelfSubjectReview', apiVersion: 'authentication.k8s.io/v1' }
    const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews'
    expect((await server.call(path, { body: review, headers: table })).code).toBe(406)
    await create('tabled')
    const gone = await server.call(`${maps}/tabled`, { method: 'DELETE', headers: table })
    expect([gone.code, gone.json['kind']]).toEqual([200, 'Status'])
  })

  it('tells its columns once in a watch', async () => {
    await create('t1')
    await create('t2')
    const { text } = await server.call(`${maps}?watch=1&timeoutSeconds=1`, { headers: table })
    const events = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { object: { columnDefinitions: unknown } })
    const [first, ...rest] = events.map(({ object }) => object.columnDefinitions)
    expect(first).not.toBeNull()
    expect(rest.length).toBeGreaterThan(0)
    expect(rest.every((columns) => columns === null)).toBe(true)
  })
})

describe('a watch', () => {
  const types = async (query: string) => {
    const { text } = await server.call(`${maps}?watch=true&timeoutSeconds=1&${query}`)
    const lines = text.split('\n').filter((line) => line !== '')
    return lines.map(
      (line) => JSON.parse(line) as { type: string; object: { kind: string; metadata: { annotations?: object } } },
    )
  }
  it('says where the state ends', async () => {
    await create('first')
    const all = await types('sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true')
    expect(all.at(-1)).toMatchObject({
      type: 'BOOKMARK',
      object: { kind: 'ConfigMap', metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } } },
    })
    expect((await types('allowWatchBookmarks=true')).at(-1)?.type).toBe('BOOKMARK')
    expect((await types('')).every(({ type }) => type === 'ADDED')).toBe(true)
    expect(await types('sendInitialEvents=false&resourceVersionMatch=NotOlderThan')).toEqual([])
  })
})

describe('generateName', () => {
  it('gives each a name of its own', async () => {
    const body = { metadata: { generateName: 'gen-' } }
    const names = await Promise.all(
      [1, 2, 3].map(async () => (await server.call(maps, { body })).json.metadata?.['name']),
    )
    expect(new Set(names).size).toBe(3)
    for (const name of names) expect(name).toMatch(/^gen-[bcdfghjklmnpqrstvwxz2456789]{5}$/)
  })
})

describe('hostile input', () => {
  it.each([
    ['deep JSON', `{"data":${'['.repeat(100_000)}`, 400],
    ['deep and closed JSON', `{"metadata":{"name":"deep","x":${'['.repeat(5000)}${']'.repeat(5000)}}}`, 400],
    ['a number beyond all', '{"metadata":{"name":"n","generation":1e999}}', 400],
    ['a key called __proto__', '{"metadata":{"name":"proto"},"__proto__":{"data":1},"data":{"constructor":"x"}}', 201],
    ['bytes that are no text', Buffer.from([0x7b, 0xff, 0xfe, 0x7d]), 400],
    ['many annotations', JSON.stringify({ metadata: { name: 'big', annotations: { a: 'x'.repeat(300_000) } } }), 422],
  ])('%s', async (_, body, code) => {
    const reply = await server.call(maps, { body, headers: { 'content-type': 'application/json' } })
    expect([reply.code, reply.json['kind']]).toEqual([code, code < 300 ? 'ConfigMap' : 'Status'])
  })

  it('a YAML document that grows', async () => {
    const levels = Array.from(
      { length: 12 },
      (_, i) => `l${String(i + 1)}: &l${String(i + 1)} [${Array.from({ length: 9 }, () => `*l${String(i)}`).join()}]`,
    )
    const body = ['l0: &l0 ["x"]', ...levels].join('\n')
    const reply = await server.call(maps, { body, headers: { 'content-type': 'application/yaml' } })
    expect([reply.code, reply.json['kind']]).toEqual([400, 'Status'])
  })

  it('says how large annotations may be', async () => {
    const annotations = { a: 'x'.repeat(300_000) }
    expect(await refusal(maps, { body: { metadata: { name: 'big', annotations } } })).toEqual([
      422,
      'ConfigMap "big" is invalid: metadata.annotations: Too long: may not be more than 262144 bytes',
    ])
  })
})
