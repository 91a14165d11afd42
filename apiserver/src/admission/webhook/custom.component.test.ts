import { waitFor } from '@kubets/shared/testing/wait.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestServer, type TestServer } from '../../test-server.ts'
import { patching, startTestHooks, type TestHooks } from './test-hooks.ts'

let server: TestServer
let hooks: TestHooks
beforeAll(async () => {
  ;[server, hooks] = await Promise.all([startTestServer(), startTestHooks()])
})
afterAll(async () => {
  hooks.stop()
  await server.stop()
})

it('custom resources are changed, pruned, and seen in the version that rules are about', async () => {
  const data = { type: 'object', properties: { first: { type: 'string' } } }
  const schema = { openAPIV3Schema: { type: 'object', properties: { data } } }
  const crd = await server.call('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
    body: {
      metadata: { name: 'things.example.com' },
      spec: {
        group: 'example.com',
        scope: 'Namespaced',
        names: { plural: 'things', singular: 'thing', kind: 'Thing', listKind: 'ThingList' },
        versions: [
          { name: 'v1', served: true, storage: true, schema },
          { name: 'v2', served: true, storage: false, schema },
        ],
      },
    },
  })
  expect(crd.code).toBe(201)
  const rule = { operations: ['CREATE'], apiGroups: ['example.com'], apiVersions: ['v1'], resources: ['things'] }
  const body = {
    metadata: { name: 'custom' },
    webhooks: [
      {
        name: 'a.test.example',
        clientConfig: hooks.at('/custom'),
        rules: [rule],
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
      },
    ],
  }
  await server.call('/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations', { body })
  hooks.answer('/custom', patching({ op: 'add', path: '/data', value: { first: 'yes', second: 'yes' } }))
  const path = '/apis/example.com/v2/namespaces/default/things'
  await expect.poll(async () => (await server.call(path)).code).toBe(200)
  const { code, json } = await server.call(path, {
    body: { apiVersion: 'example.com/v2', kind: 'Thing', metadata: { name: 'a' } },
  })
  expect(code).toBe(201)
  expect(json).toMatchObject({ apiVersion: 'example.com/v2', data: { first: 'yes' } })
  expect((json as { data?: object }).data).toEqual({ first: 'yes' })
  expect(hooks.asked('/custom')).toMatchObject([
    {
      kind: { version: 'v1', kind: 'Thing' },
      requestKind: { version: 'v2' },
      object: { apiVersion: 'example.com/v1' },
    },
  ])
})

describe('versions that a webhook converts', () => {
  const path = '/apis/convert.example.com/v2/namespaces/default/widgets'
  /** v1 has `size`, v2 has `width`. */
  const converted = ({ objects, desiredAPIVersion }: { objects: Json[]; desiredAPIVersion: string }) => ({
    result: { status: 'Success' },
    convertedObjects: objects.map(({ size, width, ...rest }) => {
      const value = size ?? width
      const field = desiredAPIVersion.endsWith('/v1') ? 'size' : 'width'
      return { ...rest, apiVersion: desiredAPIVersion, ...(value === undefined ? {} : { [field]: value }) }
    }),
  })
  type Json = Record<string, unknown>
  const rules = [
    { operations: ['CREATE'], apiGroups: ['convert.example.com'], apiVersions: ['v1'], resources: ['widgets'] },
  ]
  const admission = '/apis/admissionregistration.k8s.io/v1'
  const create = (name: string, width: number) =>
    server.call(path, { body: { apiVersion: 'convert.example.com/v2', kind: 'Widget', metadata: { name }, width } })

  beforeAll(async () => {
    hooks.answer('/convert', (request) => converted(request as unknown as Parameters<typeof converted>[0]))
    const version = (name: string, storage: boolean, field: string) => {
      const properties = { [field]: { type: 'integer' }, seen: { type: 'string' } }
      return { name, served: true, storage, schema: { openAPIV3Schema: { type: 'object', properties } } }
    }
    const crd = await server.call('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
      body: {
        metadata: { name: 'widgets.convert.example.com' },
        spec: {
          group: 'convert.example.com',
          scope: 'Namespaced',
          names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' },
          versions: [version('v1', false, 'size'), version('v2', true, 'width')],
          conversion: {
            strategy: 'Webhook',
            webhook: { conversionReviewVersions: ['v1'], clientConfig: hooks.at('/convert') },
          },
        },
      },
    })
    expect(crd.code).toBe(201)
    await waitFor(async () => (await server.call(path)).code === 200)
  })

  it('are those that the rules of webhooks name', async () => {
    const of = (name: string) => ({
      name: `${name}.convert.example`,
      clientConfig: hooks.at(`/${name}`),
      rules,
      sideEffects: 'None',
      admissionReviewVersions: ['v1'],
      matchPolicy: 'Equivalent',
    })
    const exact = { ...of('exact'), matchPolicy: 'Exact' }
    for (const [kind, webhooks] of Object.entries({ mutating: [of('change')], validating: [of('check'), exact] })) {
      const body = { metadata: { name: `convert-${kind}` }, webhooks }
      expect((await server.call(`${admission}/${kind}webhookconfigurations`, { body })).code).toBe(201)
    }
    hooks.answer(
      '/change',
      patching({ op: 'replace', path: '/size', value: 8 }, { op: 'add', path: '/seen', value: 'as v1' }),
    )
    const { code, json } = await create('a', 7)
    expect([code, json['width'], json['seen'], json['size']]).toEqual([201, 8, 'as v1', undefined])
    expect((await server.call(`${path}/a`)).json).toMatchObject({ width: 8, seen: 'as v1' })
    expect(hooks.asked('/change')).toMatchObject([
      {
        kind: { group: 'convert.example.com', version: 'v1', kind: 'Widget' },
        resource: { version: 'v1', resource: 'widgets' },
        requestKind: { version: 'v2' },
        object: { apiVersion: 'convert.example.com/v1', size: 7 },
      },
    ])
    expect(hooks.asked('/check')).toMatchObject([{ object: { apiVersion: 'convert.example.com/v1', size: 8 } }])
    expect(hooks.asked('/exact')).toEqual([])
  })

  it('are those that the rules of policies name', async () => {
    const policy = {
      metadata: { name: 'small-widgets' },
      spec: {
        matchConstraints: { resourceRules: rules },
        validations: [{ expression: 'object.size < 100', message: 'too large' }],
      },
    }
    expect((await server.call(`${admission}/validatingadmissionpolicies`, { body: policy })).code).toBe(201)
    const spec = { policyName: 'small-widgets', validationActions: ['Deny'] }
    const body = { metadata: { name: 'small-widgets' }, spec }
    expect((await server.call(`${admission}/validatingadmissionpolicybindings`, { body })).code).toBe(201)
    // whatever is sent, the webhook from before makes it small
    expect((await create('small', 1)).code).toBe(201)
    hooks.answer('/change', patching({ op: 'replace', path: '/size', value: 100 }))
    // the policy counts once it has been seen
    let attempt = 0
    const refused = await waitFor(async () => {
      const answer = await create(`large-${attempt++}`, 1)
      return answer.code === 201 ? undefined : answer
    })
    expect([refused.code, refused.json.message]).toEqual([422, expect.stringContaining('too large')])
  })

  it('are those that policies see, whichever the request is in', async () => {
    // what is created stays as it is sent
    hooks.answer('/change', patching())
    const naming = (version: string, matchPolicy?: string) => ({
      ...(matchPolicy && { matchPolicy }),
      resourceRules: [
        { operations: ['UPDATE'], apiGroups: ['convert.example.com'], apiVersions: [version], resources: ['widgets'] },
      ],
    })
    const seen = (expression: string) => ({
      patchType: 'ApplyConfiguration',
      applyConfiguration: { expression: `Object{seen: ${expression}}` },
    })
    const larger = `[JSONPatch{op: "replace", path: "/size", value: object.size + 1}]`
    const mutating = {
      'a-as-v1': [naming('v1'), { patchType: 'JSONPatch', jsonPatch: { expression: larger } }],
      'b-as-v2': [naming('v2'), seen('"v2:" + string(object.width) + " was " + string(oldObject.width)')],
      'c-exactly-v1': [naming('v1', 'Exact'), seen('object.seen + " exactly"')],
    } as const
    for (const [name, [matchConstraints, mutation]] of Object.entries(mutating)) {
      const spec = { matchConstraints, mutations: [mutation], reinvocationPolicy: 'Never', failurePolicy: 'Fail' }
      const policy = { metadata: { name }, spec }
      expect((await server.call(`${admission}/mutatingadmissionpolicies`, { body: policy })).code).toBe(201)
      const binding = { metadata: { name }, spec: { policyName: name } }
      expect((await server.call(`${admission}/mutatingadmissionpolicybindings`, { body: binding })).code).toBe(201)
    }
    const validating = {
      'd-as-v1': ['v1', 'object.size < 50', 'Deny'],
      'e-as-v2': ['v2', 'object.width < 60', 'Warn'],
    } as const
    for (const [name, [version, expression, action]] of Object.entries(validating)) {
      const spec = {
        matchConstraints: naming(version),
        validations: [{ expression, message: `${name} is against it` }],
      }
      const policy = { metadata: { name }, spec }
      expect((await server.call(`${admission}/validatingadmissionpolicies`, { body: policy })).code).toBe(201)
      const binding = { metadata: { name }, spec: { policyName: name, validationActions: [action] } }
      expect((await server.call(`${admission}/validatingadmissionpolicybindings`, { body: binding })).code).toBe(201)
    }
    expect((await create('both', 5)).code).toBe(201)
    const set = (version: string, field: string, value: number) =>
      server.call(`/apis/convert.example.com/${version}/namespaces/default/widgets/both`, {
        method: 'PATCH',
        headers: { 'content-type': 'application/merge-patch+json' },
        body: { [field]: value },
      })
    // each counts once it has been seen: the last of them refuses
    const refused = await waitFor(async () => {
      const answer = await set('v1', 'size', 70)
      return answer.code === 422 && String(answer.headers['warning']).includes('e-as-v2') ? answer : undefined
    })
    expect(refused.json.message).toContain('d-as-v1 is against it')
    const now = (await server.call(`${path}/both`)).json['width'] as number
    const asV2 = await set('v2', 'width', 20)
    expect(asV2.json).toMatchObject({ apiVersion: 'convert.example.com/v2', width: 21, seen: `v2:21 was ${now}` })
    const asV1 = await set('v1', 'size', 30)
    expect(asV1.json).toMatchObject({ apiVersion: 'convert.example.com/v1', size: 31, seen: 'v2:31 was 21 exactly' })
    expect(asV1.json).not.toHaveProperty('width')
    expect((await set('v2', 'width', 55)).json.message).toContain('d-as-v1 is against it')
  })

  it('fail the request when they cannot be converted', async () => {
    hooks.answer('/convert', { result: { status: 'Failure', message: 'no such shape' } })
    const { code, json } = await create('none', 1)
    expect([code, json.message]).toEqual([500, expect.stringContaining('no such shape')])
  })
})
