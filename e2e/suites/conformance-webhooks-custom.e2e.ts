import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { covers } from '../conformance/covers.ts'
import { connect, type Answer, type Api, type ApiObject } from '../harness/api.ts'
import {
  anything,
  define,
  definition,
  definitionsPath,
  type Defined,
  type Schema,
  type Version,
} from '../harness/custom-resources.ts'
import { until } from '../harness/until.ts'
import { makeHooked, webhookFields, type Hooked } from '../harness/webhook.ts'

type Custom = ApiObject & { data?: Record<string, string>; dummy?: string; message?: string }

/** Admission webhooks on custom resources, as on any other. */
describe.concurrent('admission webhooks', () => {
  let api: Api
  beforeAll(async () => {
    api = await connect()
  })
  const ended: Promise<void>[] = []
  afterAll(() => Promise.all(ended))

  interface Case {
    readonly hooks: Hooked
    readonly crd: Defined
    /** The collection in the case's namespace, in a version. */
    path(version: string): string
    object(name: string, data: Record<string, string>): object
    /** A webhook about the operations on the resource, in all versions. */
    webhook(name: string, path: string, ...operations: string[]): object
  }

  /** Runs a case with a webhook, and with a definition of its own that has these versions. */
  const hooked = (versions: readonly Version[], run: (given: Case) => Promise<void>) => async (): Promise<void> => {
    const hooks = await makeHooked('hooks-custom')
    const crd = await define(api, definition('hooked', versions, { scope: 'Namespaced' }))
    try {
      await run({
        hooks,
        crd,
        path: (version) => `${crd.root(version)}/namespaces/${hooks.ns.name}/${crd.plural}`,
        object: (name, data) => ({
          apiVersion: `${crd.group}/v1`,
          kind: crd.kind,
          metadata: { name },
          data,
        }),
        webhook: (name, path, ...operations) => ({
          ...webhookFields,
          name,
          rules: [
            {
              operations,
              apiGroups: [crd.group],
              apiVersions: versions.map((version) => version.name),
              resources: [crd.plural],
            },
          ],
          clientConfig: hooks.at(path),
          namespaceSelector: hooks.namespaceSelector,
        }),
      })
    } finally {
      // the webhooks go first: they may deny what is left being deleted
      const end = hooks.end().then(() => crd.remove())
      // told by afterAll, not as a rejection that nobody handles
      end.catch(() => undefined)
      ended.push(end)
    }
  }
  const mutate = ({ hooks, webhook }: Case): Promise<void> =>
    hooks.register('mutating', hooks.ns.name, [
      webhook('mutate-custom-resource-data-stage-1.k8s.io', '/mutating-custom-resource', 'CREATE', 'UPDATE'),
      webhook('mutate-custom-resource-data-stage-2.k8s.io', '/mutating-custom-resource', 'CREATE'),
    ])
  const start = { 'mutation-start': 'yes' }
  const first = { ...start, 'mutation-stage-1': 'yes' }
  const both = { ...first, 'mutation-stage-2': 'yes' }

  it(
    `deny what is done with custom resources${covers('Admission webhook, deny custom resource create and delete')}`,
    hooked([{ name: 'v1' }], async ({ hooks, path, object, webhook }) => {
      await hooks.register('validating', hooks.ns.name, [
        webhook('deny-unwanted-custom-resource-data.k8s.io', '/custom-resource', 'CREATE', 'UPDATE', 'DELETE'),
      ])
      const denied = ({ code, body }: Answer<Custom>, text: string): void => {
        // apiserver/pkg/admission/plugin/webhook/errors/statuserror.go: what a denial has where the webhook gives no code
        expect(code).toBe(400)
        expect(body.message).toContain(text)
      }
      const unwanted = 'the custom resource contains unwanted data'
      const disallowed = { 'webhook-e2e-test': 'webhook-disallow' }
      denied(await api.send<Custom>('POST', path('v1'), object('cr-instance-1', disallowed)), unwanted)
      expect((await api.send('GET', `${path('v1')}/cr-instance-1`)).code).toBe(404)

      const one = `${path('v1')}/cr-instance-2`
      const made = await api.call<Custom>(
        'POST',
        path('v1'),
        object('cr-instance-2', { 'webhook-e2e-test': 'webhook-nondeletable' }),
      )
      denied(await api.send<Custom>('PUT', one, { ...made, data: disallowed }), unwanted)
      denied(
        await api.send<Custom>('DELETE', one),
        'the custom resource cannot be deleted because it contains unwanted key and value',
      )
      const kept = await api.call<Custom>('GET', one)
      expect(kept).toEqual(made)
      await api.call('PUT', one, { ...kept, data: { 'webhook-e2e-test': 'webhook-allow' } })
      await api.call('DELETE', one)
      expect((await api.send('GET', one)).code).toBe(404)
    }),
  )

  it(
    `change custom resources${covers('Admission webhook, mutate custom resource')}`,
    hooked([{ name: 'v1' }], async (given) => {
      await mutate(given)
      const { data } = await api.call<Custom>('POST', given.path('v1'), given.object('cr-instance-1', start))
      expect(data).toEqual(both)
    }),
  )

  const text = { type: 'string' }
  // without the second stage, which is to be pruned
  const pruning: Schema = {
    type: 'object',
    properties: { data: { type: 'object', properties: { 'mutation-start': text, 'mutation-stage-1': text } } },
  }
  it(
    `add nothing to custom resources that their schema does not know${covers('Admission webhook, mutate custom resource with pruning')}`,
    hooked(
      [
        { name: 'v1', schema: pruning },
        { name: 'v2', schema: pruning },
      ],
      async (given) => {
        await mutate(given)
        const { data } = await api.call<Custom>('POST', given.path('v1'), given.object('cr-instance-1', start))
        expect(data).toEqual(first)
        expect((await api.call<Custom>('GET', `${given.path('v1')}/cr-instance-1`)).data).toEqual(first)
      },
    ),
  )

  it(
    `change custom resources that were stored in another version${covers('Admission webhook, mutate custom resource with different stored version')}`,
    hooked([{ name: 'v1' }, { name: 'v2' }], async (given) => {
      const { crd, path, object } = given
      await mutate(given)
      await api.call('POST', path('v1'), object('cr-instance-1', start))
      const schema = { openAPIV3Schema: anything }
      const versions = [
        { name: 'v1', storage: false, served: true, schema },
        { name: 'v2', storage: true, served: true, schema },
      ]
      const patched = await api.send<ApiObject & { status: { storedVersions: string[] } }>(
        'PATCH',
        `${definitionsPath}/${crd.plural}.${crd.group}`,
        { spec: { versions } },
        { 'content-type': 'application/strategic-merge-patch+json' },
      )
      expect(patched.code).toBe(200)
      await until('both versions to be stored ones', async () => {
        const { status } = await api.call<typeof patched.body>('GET', `${definitionsPath}/${crd.plural}.${crd.group}`)
        return status.storedVersions.join() === 'v1,v2' ? true : undefined
      })
      const { code, body } = await api.send<Custom>(
        'PATCH',
        `${path('v2')}/cr-instance-1`,
        [{ op: 'add', path: '/dummy', value: 'test' }],
        { 'content-type': 'application/json-patch+json' },
      )
      expect(code).toBe(200)
      expect(body).toMatchObject({ apiVersion: `${crd.group}/v2`, dummy: 'test' })
      expect(body.data).toEqual(both)
    }),
  )
})
