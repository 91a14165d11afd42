import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { waitFor } from '@kubets/shared/testing/wait.ts'
import { startTestServer, type Reply, type TestServer } from '../test-server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server.stop())

type Json = Record<string, unknown>

const maps = '/api/v1/namespaces/default/configmaps'
const deployments = '/apis/apps/v1/namespaces/default/deployments'

function apply(path: string, manager: string, body: unknown, query = ''): Promise<Reply> {
  const headers = { 'content-type': 'application/apply-patch+yaml' }
  return server.call(`${path}?fieldManager=${manager}${query}`, { method: 'PATCH', headers, body })
}

const put = (path: string, manager: string, body: unknown): Promise<Reply> =>
  server.call(`${path}?fieldManager=${manager}`, { method: 'PUT', body })

const map = (name: string, data: Json, more: Json = {}): Json => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...more },
  data,
})

interface Entry {
  manager: string
  operation: string
  apiVersion: string
  subresource?: string
  time?: string
  fieldsV1: Json
}

const entriesOf = ({ json }: Reply): Entry[] => (json.metadata?.['managedFields'] ?? []) as Entry[]
/** Who owns what, times left out. */
const owners = (reply: Reply): unknown[] =>
  entriesOf(reply).map(({ manager, operation, subresource, fieldsV1 }) => [
    [manager, operation, ...(subresource === undefined ? [] : [subresource])].join(' '),
    fieldsV1,
  ])

const web = (name: string, spec: Json = {}): Json => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, labels: { app: name } },
  spec: {
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: 'web', image: 'web:1', ports: [{ containerPort: 80 }] }] },
    },
    ...spec,
  },
})

describe('server-side apply', () => {
  it('creates, changes, gives up and forces, field by field', async () => {
    const created = await apply(`${maps}/a`, 'one', map('a', { x: '1', y: '1' }))
    expect(created.code).toBe(201)
    expect(owners(created)).toEqual([['one Apply', { 'f:data': { 'f:x': {}, 'f:y': {} } }]])
    const other = await apply(`${maps}/a`, 'two', map('a', { z: '1' }))
    expect(other.code).toBe(200)
    expect(other.json['data']).toEqual({ x: '1', y: '1', z: '1' })

    const refused = await apply(`${maps}/a`, 'two', map('a', { x: '2', y: '2' }))
    expect(refused.code).toBe(409)
    expect(refused.json).toMatchObject({
      reason: 'Conflict',
      message: 'Apply failed with 2 conflicts: conflicts with "one":\n- .data.x\n- .data.y',
      details: {
        causes: [
          { reason: 'FieldManagerConflict', message: 'conflict with "one"', field: '.data.x' },
          { reason: 'FieldManagerConflict', message: 'conflict with "one"', field: '.data.y' },
        ],
      },
    })

    const forced = await apply(`${maps}/a`, 'two', map('a', { x: '2' }), '&force=true')
    // z was two's alone and is gone with it
    expect(forced.json['data']).toEqual({ x: '2', y: '1' })
    expect(owners(forced)).toEqual([
      ['one Apply', { 'f:data': { 'f:y': {} } }],
      ['two Apply', { 'f:data': { 'f:x': {} } }],
    ])
  })

  it('a field two managers share stays until the second gives it up', async () => {
    await apply(`${maps}/shared`, 'one', map('shared', { x: '1' }))
    await apply(`${maps}/shared`, 'two', map('shared', { x: '1' }))
    const first = await apply(`${maps}/shared`, 'one', map('shared', { y: '1' }))
    expect(first.json['data']).toEqual({ x: '1', y: '1' })
    const second = await apply(`${maps}/shared`, 'two', map('shared', {}))
    expect(second.json['data']).toEqual({ y: '1' })
  })

  it('applying again what is there writes nothing', async () => {
    const first = await apply(`${deployments}/again`, 'one', web('again', { replicas: 1 }))
    const second = await apply(`${deployments}/again`, 'one', web('again', { replicas: 1 }))
    expect([first.code, second.code]).toEqual([201, 200])
    expect(second.json.metadata?.['resourceVersion']).toBe(first.json.metadata?.['resourceVersion'])
    expect(second.json).toEqual(first.json)
  })

  it('conflicts with what updates own, and says which version they used', async () => {
    await server.call(`${maps}?fieldManager=writer`, { body: map('updated', { x: '1' }) })
    const refused = await apply(`${maps}/updated`, 'one', map('updated', { x: '2' }))
    expect(refused.json.message).toBe('Apply failed with 1 conflict: conflict with "writer" using v1: .data.x')
    const same = await apply(`${maps}/updated`, 'one', map('updated', { x: '1' }))
    expect(owners(same)).toEqual([
      ['one Apply', { 'f:data': { 'f:x': {} } }],
      ['writer Update', { 'f:data': { '.': {}, 'f:x': {} } }],
    ])
    const changed = await put(`${maps}/updated`, 'writer', map('updated', { x: '3' }))
    expect(owners(changed)).toEqual([['writer Update', { 'f:data': { '.': {}, 'f:x': {} } }]])
  })

  it('merges keyed lists and keeps what others have in them', async () => {
    const path = `${deployments}/lists`
    await server.call(`${deployments}?fieldManager=writer`, { body: web('lists') })
    const sidecar = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'lists' },
      spec: { template: { spec: { containers: [{ name: 'sidecar', image: 'side:1' }] } } },
    }
    const added = await apply(path, 'injector', sidecar)
    const containers = (reply: Reply): Json[] =>
      (reply.json['spec'] as { template: { spec: { containers: Json[] } } }).template.spec.containers
    expect(containers(added).map(({ name }) => name)).toEqual(['web', 'sidecar'])
    expect(entriesOf(added)[0]?.fieldsV1).toEqual({
      'f:spec': {
        'f:template': {
          'f:spec': { 'f:containers': { 'k:{"name":"sidecar"}': { '.': {}, 'f:image': {}, 'f:name': {} } } },
        },
      },
    })
    const removed = await apply(path, 'injector', { ...sidecar, spec: {} })
    expect(containers(removed).map(({ name }) => name)).toEqual(['web'])
  })

  it('owns defaults of a created object, and neither status nor what the server fills in', async () => {
    const { json } = await server.call(`${deployments}?fieldManager=writer`, {
      body: { ...web('defaults'), status: { replicas: 3 } },
    })
    const [entry] = (json.metadata?.['managedFields'] ?? []) as Entry[]
    expect(Object.keys(entry?.fieldsV1 ?? {})).toEqual(['f:metadata', 'f:spec'])
    expect(entry?.fieldsV1['f:metadata']).toEqual({ 'f:labels': { '.': {}, 'f:app': {} } })
    expect(entry?.fieldsV1['f:spec']).toMatchObject({
      'f:progressDeadlineSeconds': {},
      'f:selector': {},
      'f:strategy': { 'f:rollingUpdate': { '.': {}, 'f:maxSurge': {}, 'f:maxUnavailable': {} }, 'f:type': {} },
      'f:template': {
        'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } },
        'f:spec': {
          'f:containers': {
            'k:{"name":"web"}': {
              '.': {},
              'f:ports': {
                '.': {},
                'k:{"containerPort":80,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {}, 'f:protocol': {} },
              },
              'f:resources': {},
            },
          },
          'f:securityContext': {},
        },
      },
    })
  })

  it('status is a manager of its own', async () => {
    const path = `${deployments}/status`
    await apply(path, 'one', web('status'))
    const status = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'status' }, status: { replicas: 2 } }
    const applied = await apply(`${path}/status`, 'one', { ...status, spec: { replicas: 7 } })
    expect(applied.code).toBe(200)
    expect(applied.json['spec']).toMatchObject({ replicas: 1 })
    expect(applied.json['status']).toEqual({ replicas: 2 })
    expect(owners(applied)).toContainEqual(['one Apply status', { 'f:status': { 'f:replicas': {} } }])
    const missing = await apply(`${deployments}/nobody/status`, 'one', { ...status, metadata: { name: 'nobody' } })
    expect(missing.code).toBe(404)
  })

  it('scale moves the ownership of replicas', async () => {
    const path = `${deployments}/scaled`
    await apply(path, 'one', web('scaled', { replicas: 1 }))
    const scale = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'scaled' }, spec: { replicas: 2 } }
    const refused = await apply(`${path}/scale`, 'scaler', scale)
    expect(refused.json.message).toBe('Apply failed with 1 conflict: conflict with "one": .spec.replicas')
    const scaled = await put(`${path}/scale`, 'scaler', {
      ...scale,
      metadata: { name: 'scaled', namespace: 'default' },
    })
    expect(scaled.code).toBe(200)
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io'
    const { json: table } = await server.call(`${path}/scale`, { headers: { accept } })
    const { columnDefinitions = [] } = table as { columnDefinitions?: { name: string }[] }
    expect(columnDefinitions.map(({ name }) => name)).toEqual(['Name', 'Desired', 'Available', 'Age'])
    expect(table).toMatchObject({ rows: [{ cells: ['scaled', 2, 0, expect.any(String)] }] })
    const { json } = await server.call(path)
    const entries = json.metadata?.['managedFields'] as Entry[]
    expect(entries.map(({ manager, subresource, apiVersion }) => [manager, subresource, apiVersion])).toEqual([
      ['one', undefined, 'apps/v1'],
      ['scaler', 'scale', 'apps/v1'],
    ])
    expect(entries[1]?.fieldsV1).toEqual({ 'f:spec': { 'f:replicas': {} } })
    const back = await apply(path, 'one', web('scaled', { replicas: 1 }))
    expect(back.json.message).toBe(
      'Apply failed with 1 conflict: conflict with "scaler" with subresource "scale" using apps/v1: .spec.replicas',
    )
  })

  it('dry runs change nothing', async () => {
    const dry = await apply(`${maps}/dry`, 'one', map('dry', { x: '1' }), '&dryRun=All')
    expect([dry.code, owners(dry)]).toEqual([201, [['one Apply', { 'f:data': { 'f:x': {} } }]]])
    expect((await server.call(`${maps}/dry`)).code).toBe(404)
  })

  it.each<[string, string, unknown, number, string]>([
    [
      'no manager',
      '?',
      map('bad', {}),
      422,
      'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
    ],
    [
      'another kind',
      '?fieldManager=one',
      { ...map('bad', {}), kind: 'Secret' },
      400,
      'invalid object type: /v1, Kind=Secret',
    ],
    ['no kind', '?fieldManager=one', {}, 400, 'invalid object type: /, Kind='],
    [
      'its own managedFields',
      '?fieldManager=one',
      map('bad', {}, { managedFields: [] }),
      400,
      'metadata.managedFields must be nil',
    ],
    [
      'an unknown field',
      '?fieldManager=one',
      { ...map('bad', {}), foo: 1 },
      500,
      'failed to create typed patch object (/bad; /v1, Kind=ConfigMap): .foo: field not declared in schema',
    ],
    [
      'a wrong type',
      '?fieldManager=one',
      map('bad', { x: 1 }),
      500,
      'failed to create typed patch object (/bad; /v1, Kind=ConfigMap): .data.x: expected string, got &value.valueUnstructured{Value:1}',
    ],
    ['malformed YAML', '?fieldManager=one', 'a: [', 400, 'error decoding YAML: error converting YAML to JSON: yaml: '],
    [
      'a list',
      '?fieldManager=one',
      '[]',
      400,
      'error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into Go value of type map[string]interface {}',
    ],
    [
      'a uid that nothing has',
      '?fieldManager=one',
      map('bad', {}, { uid: 'u' }),
      409,
      'Operation cannot be fulfilled on configmaps "bad": uid mismatch: the provided object specified uid u, and no existing object was found',
    ],
    [
      'another name',
      '?fieldManager=one',
      map('good', {}),
      400,
      'the name of the object (good) does not match the name on the URL (bad)',
    ],
    [
      'a repeated key',
      '?fieldManager=one&fieldValidation=Strict',
      'apiVersion: v1\nkind: ConfigMap\nkind: ConfigMap\n',
      400,
      'error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:\n  line 3: key "kind" already set in map',
    ],
  ])('refuses %s', async (_, query, body, code, message) => {
    const headers = { 'content-type': 'application/apply-patch+yaml' }
    const reply = await server.call(`${maps}/bad${query}`, { method: 'PATCH', headers, body })
    expect([reply.code, reply.json.message?.slice(0, message.length)]).toEqual([code, message])
  })

  it('CBOR is named among nothing that is spoken', async () => {
    const headers = { 'content-type': 'application/apply-patch+cbor' }
    const { code, json } = await server.call(`${maps}/a?fieldManager=one`, { method: 'PATCH', headers, body: '{}' })
    expect([code, json.message]).toEqual([
      415,
      'the body of the request was in an unknown format - accepted media types include: application/json-patch+json, ' +
        'application/merge-patch+json, application/strategic-merge-patch+json, application/apply-patch+yaml',
    ])
  })

  it('only apply can be forced', async () => {
    const headers = { 'content-type': 'application/merge-patch+json' }
    const { code, json } = await server.call(`${maps}/a?force=true`, { method: 'PATCH', headers, body: {} })
    expect([code, json.message]).toEqual([
      422,
      'PatchOptions.meta.k8s.io "" is invalid: force: Forbidden: may not be specified for non-apply patch',
    ])
  })

  it('a stale resourceVersion is a conflict', async () => {
    const { json } = await apply(`${maps}/versioned`, 'one', map('versioned', { x: '1' }))
    const resourceVersion = json.metadata?.['resourceVersion']
    await apply(`${maps}/versioned`, 'one', map('versioned', { x: '2' }))
    const stale = await apply(`${maps}/versioned`, 'one', map('versioned', { x: '3' }, { resourceVersion }))
    expect([stale.code, stale.json.message]).toEqual([
      409,
      'Operation cannot be fulfilled on configmaps "versioned": the object has been modified; please apply your changes to the latest version and try again',
    ])
  })

  it('who may patch and not create may not apply what is not there', async () => {
    const rule = { apiGroups: [''], resources: ['configmaps'], verbs: ['patch', 'get'] }
    const rbac = '/apis/rbac.authorization.k8s.io/v1/namespaces/default'
    const meta = { name: 'patcher' }
    await server.call(`${rbac}/roles`, { body: { metadata: meta, rules: [rule] } })
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'patcher' }
    const subjects = [{ kind: 'User', name: 'pat', apiGroup: 'rbac.authorization.k8s.io' }]
    await server.call(`${rbac}/rolebindings`, { body: { metadata: meta, roleRef, subjects } })
    const as = await server.identity('pat')
    const headers = { 'content-type': 'application/apply-patch+yaml' }
    const call = (name: string): Promise<Reply> =>
      server.call(`${maps}/${name}?fieldManager=one`, { method: 'PATCH', headers, body: map(name, { x: '1' }), as })
    await expect.poll(async () => (await call('not-there')).json.message).toBe('configmaps "not-there" is forbidden: ')
    await apply(`${maps}/there`, 'one', map('there', { x: '1' }))
    expect((await call('there')).code).toBe(200)
  })
})

describe('managedFields', () => {
  it('the program that writes is the manager where none is named', async () => {
    const headers = { 'user-agent': 'kube-scheduler/v1.36.0 (linux/amd64) kubernetes/abc' }
    const { json } = await server.call(maps, { body: map('agent', { x: '1' }), headers })
    expect(json.metadata?.['managedFields']).toEqual([
      {
        manager: 'kube-scheduler',
        operation: 'Update',
        apiVersion: 'v1',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) as unknown,
        fieldsType: 'FieldsV1',
        fieldsV1: { 'f:data': { '.': {}, 'f:x': {} } },
      },
    ])
  })

  it('an update that changes nothing leaves all as it is', async () => {
    const created = await server.call(`${maps}?fieldManager=a`, { body: map('same', { x: '1' }) })
    const updated = await put(`${maps}/same`, 'b', map('same', { x: '1' }))
    expect(updated.json).toEqual(created.json)
  })

  it('are forgotten when a client empties them, and not tracked by updates then', async () => {
    await server.call(`${maps}?fieldManager=a`, { body: map('reset', { x: '1' }) })
    const reset = await put(`${maps}/reset`, 'b', map('reset', { x: '1' }, { managedFields: [{}] }))
    expect(entriesOf(reset)).toEqual([])
    const later = await put(`${maps}/reset`, 'b', map('reset', { x: '2' }))
    expect(entriesOf(later)).toEqual([])
    const applied = await apply(`${maps}/reset`, 'one', map('reset', { y: '1' }))
    expect(owners(applied)).toEqual([
      ['one Apply', { 'f:data': { 'f:y': {} } }],
      ['before-first-apply Update', { 'f:data': { '.': {}, 'f:x': {} } }],
    ])
  })

  it('that make no sense are ignored', async () => {
    const created = await server.call(`${maps}?fieldManager=a`, { body: map('odd', { x: '1' }) })
    const managedFields = [
      { manager: 'z', operation: 'Update', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1: { x: {} } },
    ]
    const updated = await put(`${maps}/odd`, 'a', map('odd', { x: '1' }, { managedFields }))
    expect(updated.json).toEqual(created.json)
  })

  it('can be written by a JSON patch, as kubectl does to move from client-side apply', async () => {
    const created = await server.call(`${maps}?fieldManager=a`, { body: map('moved', { x: '1' }) })
    const [entry] = entriesOf(created)
    const headers = { 'content-type': 'application/json-patch+json' }
    const value = [{ ...entry, manager: 'b', operation: 'Apply' }]
    const body = [{ op: 'replace', path: '/metadata/managedFields', value }]
    const moved = await server.call(`${maps}/moved?fieldManager=c`, { method: 'PATCH', headers, body })
    expect(owners(moved)).toEqual([['b Apply', { 'f:data': { '.': {}, 'f:x': {} } }]])
  })

  it('of more than ten updaters: the oldest become one', async () => {
    const path = `${maps}/many`
    await server.call(`${maps}?fieldManager=m00`, { body: map('many', { k00: '' }) })
    for (let i = 1; i <= 11; i++) {
      const key = `k${String(i).padStart(2, '0')}`
      const headers = { 'content-type': 'application/merge-patch+json' }
      await server.call(`${path}?fieldManager=m${key.slice(1)}`, {
        method: 'PATCH',
        headers,
        body: { data: { [key]: '' } },
      })
    }
    const entries = entriesOf(await server.call(path))
    expect(entries).toHaveLength(10)
    expect(entries.filter(({ manager }) => manager === 'ancient-changes')).toHaveLength(1)
  })

  it('of versions of one kind know each other', async () => {
    const path = '/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers/hpa'
    const hpa = {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'hpa' },
      spec: {
        minReplicas: 1,
        maxReplicas: 3,
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'a' },
      },
    }
    expect((await apply(path, 'two', hpa)).code).toBe(201)
    const v1 = { ...hpa, apiVersion: 'autoscaling/v1', spec: { ...hpa.spec, maxReplicas: 5 } }
    const refused = await apply(path.replace('/v2/', '/v1/'), 'one', v1)
    expect(refused.json.message).toBe('Apply failed with 1 conflict: conflict with "two": .spec.maxReplicas')
    const mine = await apply(path.replace('/v2/', '/v1/'), 'two', v1)
    expect([mine.code, entriesOf(mine).map(({ manager, apiVersion }) => [manager, apiVersion])]).toEqual([
      200,
      [['two', 'autoscaling/v1']],
    ])
  })
})

describe('a custom kind', () => {
  const schema = {
    type: 'object',
    properties: {
      spec: {
        type: 'object',
        properties: {
          replicas: { type: 'integer' },
          color: { type: 'string', default: 'red' },
          items: {
            type: 'array',
            'x-kubernetes-list-type': 'map',
            'x-kubernetes-list-map-keys': ['id'],
            items: { type: 'object', required: ['id'], properties: { id: { type: 'string' }, x: { type: 'integer' } } },
          },
          open: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        },
      },
      status: { type: 'object', properties: { replicas: { type: 'integer' } } },
    },
  }
  const subresources = {
    status: {},
    scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' },
  }
  const names = { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' }
  const version = (name: string, storage: boolean): Json => ({
    name,
    served: true,
    storage,
    schema: { openAPIV3Schema: schema },
    subresources,
  })
  const definition = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'widgets.apply.example.com' },
    spec: {
      group: 'apply.example.com',
      scope: 'Namespaced',
      names,
      versions: [version('v1', true), version('v2', false)],
    },
  }
  const widgets = (served: string): string => `/apis/apply.example.com/${served}/namespaces/default/widgets`
  const widget = (name: string, spec: Json, served = 'v1'): Json => ({
    apiVersion: `apply.example.com/${served}`,
    kind: 'Widget',
    metadata: { name },
    spec,
  })

  beforeAll(async () => {
    const { code } = await server.call('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', { body: definition })
    expect(code).toBe(201)
    await waitFor(async () => (await server.call(widgets('v2'))).code === 200, 'the custom kind is served')
  })

  it('is applied, merged by its keys, and conflicts, in any of its versions', async () => {
    const one = widget('a', { replicas: 1, items: [{ id: 'x', x: 1 }], open: { deep: { any: 1 } } })
    const created = await apply(`${widgets('v1')}/a`, 'one', one)
    expect([created.code, created.json['spec']]).toEqual([
      201,
      { replicas: 1, color: 'red', items: [{ id: 'x', x: 1 }], open: { deep: { any: 1 } } },
    ])
    expect(owners(created)).toEqual([
      [
        'one Apply',
        {
          'f:spec': {
            'f:items': { 'k:{"id":"x"}': { '.': {}, 'f:id': {}, 'f:x': {} } },
            'f:open': { 'f:deep': { '.': {}, 'f:any': {} } },
            'f:replicas': {},
          },
        },
      ],
    ])
    const two = await apply(`${widgets('v2')}/a`, 'two', widget('a', { items: [{ id: 'y', x: 2 }] }, 'v2'))
    expect(two.json['spec']).toMatchObject({
      items: [
        { id: 'x', x: 1 },
        { id: 'y', x: 2 },
      ],
    })
    const refused = await apply(`${widgets('v2')}/a`, 'two', widget('a', { replicas: 2 }, 'v2'))
    expect(refused.json.message).toBe('Apply failed with 1 conflict: conflict with "one": .spec.replicas')
    const given = await apply(`${widgets('v1')}/a`, 'one', widget('a', {}))
    expect(given.json['spec']).toEqual({ color: 'red', items: [{ id: 'y', x: 2 }] })
    const unknown = await apply(`${widgets('v1')}/a`, 'one', widget('a', { foo: 1 }))
    expect([unknown.code, unknown.json.message]).toEqual([
      500,
      'failed to create typed patch object (/a; apply.example.com/v1, Kind=Widget): .spec.foo: field not declared in schema',
    ])
  })

  it('has status and scale as managers of their own', async () => {
    await apply(`${widgets('v1')}/s`, 'one', widget('s', { replicas: 1 }))
    const status = { ...widget('s', {}), status: { replicas: 1 } }
    const applied = await apply(`${widgets('v1')}/s/status`, 'one', status)
    expect(applied.code).toBe(200)
    const scale = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 's' }, spec: { replicas: 3 } }
    const scaled = await apply(`${widgets('v2')}/s/scale`, 'scaler', scale, '&force=true')
    expect(scaled.code).toBe(200)
    const stored = await server.call(`${widgets('v1')}/s`)
    expect(owners(stored)).toEqual([
      ['scaler Apply scale', { 'f:spec': { 'f:replicas': {} } }],
      ['one Apply status', { 'f:status': { 'f:replicas': {} } }],
    ])
  })

  it('has no strategic merge', async () => {
    const headers = { 'content-type': 'application/strategic-merge-patch+json' }
    const { code, json } = await server.call(`${widgets('v1')}/a`, { method: 'PATCH', headers, body: {} })
    expect([code, json.message]).toEqual([
      415,
      'the body of the request was in an unknown format - accepted media types include: application/json-patch+json, ' +
        'application/merge-patch+json, application/apply-patch+yaml',
    ])
  })
})
