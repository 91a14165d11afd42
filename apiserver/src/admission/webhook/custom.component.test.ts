import { afterAll, beforeAll, expect, it } from 'vitest'
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
  await expect.poll(async () => (await server.call(path)).code, { timeout: 15_000 }).toBe(200)
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
