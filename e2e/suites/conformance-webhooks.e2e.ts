import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { covers } from '../conformance/covers.ts'
import { connect, type Answer, type Api, type ApiList, type ApiObject } from '../harness/api.ts'
import { makeNamespace, removeNamespace } from '../harness/namespace.ts'
import { startPod } from '../harness/pods.ts'
import { until } from '../harness/until.ts'
import { makeHooked, rulesFor, webhookFields, type Hooked } from '../harness/webhook.ts'

type Map = ApiObject & { readonly data?: Record<string, string>; readonly message?: string }

const registration = '/apis/admissionregistration.k8s.io/v1'
const image = 'kubets/busybox:1'

/** Admission webhooks: who is asked, when, and what comes of it. Each case has a namespace and a webhook of its own. */
describe.concurrent('admission webhooks', () => {
  let api: Api
  beforeAll(async () => {
    api = await connect()
  })
  const ended: Promise<void>[] = []
  afterAll(() => Promise.all(ended))

  /** Runs a case in a namespace with a webhook behind a Service. */
  const hooked = (run: (hooks: Hooked, post: Post) => Promise<void>) => async (): Promise<void> => {
    const hooks = await makeHooked('hooks')
    const post: Post = (resource, body) => api.send('POST', `/api/v1/namespaces/${hooks.ns.name}/${resource}`, body)
    try {
      await run(hooks, post)
    } finally {
      const end = hooks.end()
      // told by afterAll, not as a rejection that nobody handles
      end.catch(() => undefined)
      ended.push(end)
    }
  }
  type Post = (resource: string, body: object) => Promise<Answer<Map>>

  const map = (name: string, data: Record<string, string> = {}): object => ({ metadata: { name }, data })
  const wrong = { 'webhook-e2e-test': 'webhook-disallow' }
  const denyConfigMaps = ({ at, namespaceSelector }: Hooked): object => ({
    ...webhookFields,
    name: 'deny-unwanted-configmap-data.k8s.io',
    rules: rulesFor('configmaps', 'CREATE', 'UPDATE', 'DELETE'),
    clientConfig: at('/configmaps'),
    namespaceSelector: {
      ...namespaceSelector,
      matchExpressions: [{ key: 'skip-webhook-admission', operator: 'NotIn', values: ['yes'] }],
    },
  })
  const mutateConfigMaps = ({ at, namespaceSelector }: Hooked, stage: number): object => ({
    ...webhookFields,
    name: `adding-configmap-data-stage-${String(stage)}.k8s.io`,
    rules: rulesFor('configmaps', 'CREATE'),
    clientConfig: at('/mutating-configmaps'),
    namespaceSelector,
  })
  /** As `failingWebhook` of upstream: without an authority it cannot be believed. */
  const untrusted = ({ ns, namespaceSelector }: Hooked, name: string, failurePolicy: string): object => ({
    ...webhookFields,
    name,
    failurePolicy,
    rules: rulesFor('configmaps', 'CREATE'),
    clientConfig: {
      service: { namespace: ns.name, name: 'e2e-test-webhook', path: '/configmaps', port: 8443 },
    },
    namespaceSelector,
  })

  it(
    `deny Pods and ConfigMaps${covers('Admission webhook, deny create')}`,
    hooked(async (hooks, post) => {
      await hooks.register('validating', hooks.ns.name, [
        {
          ...webhookFields,
          name: 'deny-unwanted-pod-container-name-and-label.k8s.io',
          rules: rulesFor('pods', 'CREATE'),
          clientConfig: hooks.at('/pods'),
          namespaceSelector: hooks.namespaceSelector,
        },
        denyConfigMaps(hooks),
        untrusted(hooks, 'fail-open.k8s.io', 'Ignore'),
      ])
      const pod = (name: string, label: string): object => ({
        metadata: { name, labels: { 'webhook-e2e-test': label } },
        spec: { containers: [{ name: label, image }] },
      })
      const denied = await post('pods', pod('disallowed-pod', 'webhook-disallow'))
      expect(denied.code).toBeGreaterThanOrEqual(400)
      expect(denied.body.message).toContain('the pod contains unwanted container name')
      expect(denied.body.message).toContain('the pod contains unwanted label')
      const hanging = await post('pods', pod('hanging-pod', 'wait-forever'))
      expect(hanging.body.message).toContain('webhook')
      expect(hanging.body.message).toContain('deadline')
      expect((await api.send('GET', `/api/v1/namespaces/${hooks.ns.name}/pods/hanging-pod`)).code).toBe(404)

      const text = 'the configmap contains unwanted key and value'
      expect((await post('configmaps', map('disallowed-configmap', wrong))).body.message).toContain(text)
      expect((await post('configmaps', map('allowed-configmap', { admit: 'this' }))).code).toBe(201)
      const path = `/api/v1/namespaces/${hooks.ns.name}/configmaps/allowed-configmap`
      const put = await api.send<Map>('PUT', path, map('allowed-configmap', wrong))
      expect(put.body.message).toContain(text)
      const strategic = { 'content-type': 'application/strategic-merge-patch+json' }
      const patched = await api.send<Map>('PATCH', path, { data: wrong }, strategic)
      expect(patched.body.message).toContain(text)

      // a namespace that the webhook leaves out
      const exempt = await makeNamespace('exempted')
      try {
        await exempt.kubectl(['label', 'namespace', exempt.name, 'skip-webhook-admission=yes'])
        const made = await api.send('POST', `/api/v1/namespaces/${exempt.name}/configmaps`, map('x', wrong))
        expect(made.code).toBe(201)
      } finally {
        await removeNamespace(exempt)
      }
    }),
  )

  it(
    `deny attaching to a Pod${covers('Admission webhook, deny attach')}`,
    hooked(async (hooks) => {
      await hooks.register('validating', hooks.ns.name, [
        {
          ...webhookFields,
          name: 'deny-attaching-pod.k8s.io',
          rules: rulesFor('pods/attach', 'CONNECT'),
          clientConfig: hooks.at('/pods/attach'),
          namespaceSelector: hooks.namespaceSelector,
        },
      ])
      const containers = [{ name: 'container1', image, command: ['sleep', '3600'] }]
      await startPod(hooks.ns, 'to-be-attached-pod', { containers })
      await hooks.ns.kubectl(['wait', 'pod/to-be-attached-pod', '--for=condition=Ready', '--timeout=170s'], {
        timeoutMs: 180_000,
      })
      const attached = await hooks.ns.try(['attach', 'to-be-attached-pod', '-i', '-c=container1'])
      expect(attached.code).not.toBe(0)
      expect(attached.stderr).toContain(`attaching to pod 'to-be-attached-pod' is not allowed`)
    }),
  )

  it(
    `refuse everything when they cannot be called and must not be passed over${covers('Admission webhook, fail closed')}`,
    hooked(async (hooks, post) => {
      await hooks.register('validating', hooks.ns.name, [
        {
          ...untrusted(hooks, 'fail-closed.k8s.io', 'Fail'),
          objectSelector: { matchExpressions: [{ key: 'ready-0', operator: 'DoesNotExist' }] },
        },
      ])
      const { code, body } = await post('configmaps', map('foo'))
      expect(code).toBe(500)
      expect(body).toMatchObject({ reason: 'InternalError' })
      expect(body.message).toContain('failed calling webhook "fail-closed.k8s.io"')
    }),
  )

  it(
    `change ConfigMaps one after another${covers('Admission webhook, ordered mutation')}`,
    hooked(async (hooks, post) => {
      await hooks.register('mutating', hooks.ns.name, [mutateConfigMaps(hooks, 1), mutateConfigMaps(hooks, 2)])
      const { body } = await post('configmaps', map('to-be-mutated', { 'mutation-start': 'yes' }))
      expect(body.data).toEqual({ 'mutation-start': 'yes', 'mutation-stage-1': 'yes', 'mutation-stage-2': 'yes' })
    }),
  )

  it(
    `change a Pod, whose defaults are filled in after that${covers('Admission webhook, mutation with defaulting')}`,
    hooked(async (hooks, post) => {
      await hooks.register('mutating', hooks.ns.name, [
        {
          ...webhookFields,
          name: 'adding-init-container.k8s.io',
          rules: rulesFor('pods', 'CREATE'),
          clientConfig: hooks.at('/mutating-pods'),
          namespaceSelector: hooks.namespaceSelector,
        },
      ])
      const spec = { containers: [{ name: 'example', image, command: ['sleep', '1'] }] }
      const { body } = await post('pods', { metadata: { name: 'webhook-to-be-mutated' }, spec })
      expect(body['spec']).toMatchObject({
        initContainers: [{ name: 'webhook-added-init-container', terminationMessagePolicy: 'File' }],
      })
    }),
  )

  it(
    `have no say about their own configurations${covers('Admission webhook, admission control not allowed on webhook configuration objects')}`,
    hooked(async (hooks) => {
      const rule = {
        apiGroups: ['admissionregistration.k8s.io'],
        apiVersions: ['*'],
        resources: ['validatingwebhookconfigurations', 'mutatingwebhookconfigurations'],
      }
      // upstream selects the namespace, which says nothing of objects that are in none: so do these
      const about = { ...webhookFields, failurePolicy: 'Fail', namespaceSelector: hooks.namespaceSelector }
      const blocking = `${hooks.ns.name}-blocking`
      const onlyMine = { objectSelector: { matchLabels: { case: hooks.ns.name } } }
      await hooks.register('validating', blocking, [
        {
          ...about,
          ...onlyMine,
          name: 'deny-webhook-configuration-deletions.k8s.io',
          rules: [{ ...rule, operations: ['DELETE'] }],
          clientConfig: hooks.at('/always-deny'),
        },
      ])
      await hooks.register('mutating', blocking, [
        {
          ...about,
          ...onlyMine,
          name: 'add-label-to-webhook-configurations.k8s.io',
          rules: [{ ...rule, operations: ['CREATE'] }],
          clientConfig: hooks.at('/add-label'),
        },
      ])
      for (const sort of ['validating', 'mutating'] as const) {
        const dummy = {
          ...about,
          name: `dummy-${sort}-webhook.k8s.io`,
          rules: rulesFor('invalid', 'CREATE'),
          clientConfig: hooks.at(''),
          failurePolicy: 'Ignore',
        }
        await hooks.register(sort, hooks.ns.name, [dummy], { case: hooks.ns.name })
        const path = `${registration}/${sort}webhookconfigurations/${hooks.ns.name}`
        expect((await api.call('GET', path)).metadata.labels).toEqual({ case: hooks.ns.name })
        await api.call('DELETE', path)
      }
    }),
  )

  it(
    `deny a CustomResourceDefinition${covers('Admission webhook, deny custom resource definition')}`,
    hooked(async (hooks) => {
      await hooks.register('validating', hooks.ns.name, [
        {
          ...webhookFields,
          name: 'deny-crd-with-unwanted-label.k8s.io',
          rules: [
            {
              operations: ['CREATE'],
              apiGroups: ['apiextensions.k8s.io'],
              apiVersions: ['*'],
              resources: ['customresourcedefinitions'],
            },
          ],
          clientConfig: hooks.at('/crd'),
          objectSelector: { matchLabels: { case: hooks.ns.name } },
        },
      ])
      const group = `${hooks.ns.name}.example.com`
      const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } }
      const { code, body } = await api.send<Map>('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
        metadata: {
          name: `denied.${group}`,
          labels: { case: hooks.ns.name, 'webhook-e2e-test': 'webhook-disallow' },
        },
        spec: {
          group,
          scope: 'Namespaced',
          names: { plural: 'denied', singular: 'denied', kind: 'Denied', listKind: 'DeniedList' },
          versions: [{ name: 'v1', served: true, storage: true, schema }],
        },
      })
      expect(code).toBeGreaterThanOrEqual(400)
      expect(body.message).toContain('the crd contains unwanted label')
    }),
  )

  it(
    `are waited for as long as they say${covers('Admission webhook, honor timeout')}`,
    hooked(async (hooks, post) => {
      const slow = async (failurePolicy: string, timeoutSeconds?: number): Promise<Answer<Map>> => {
        const webhook = {
          ...webhookFields,
          name: 'allow-configmap-with-delay-webhook.k8s.io',
          rules: rulesFor('configmaps', 'CREATE'),
          clientConfig: hooks.at('/always-allow-delay-5s'),
          namespaceSelector: hooks.namespaceSelector,
          // so that waiting for the configuration does not wait for the webhook
          objectSelector: { matchLabels: { slow: 'yes' } },
          failurePolicy,
          ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
        }
        await hooks.register('validating', hooks.ns.name, [webhook])
        const answer = await post('configmaps', { metadata: { name: 'slow', labels: { slow: 'yes' } } })
        await api.call('DELETE', `${registration}/validatingwebhookconfigurations/${hooks.ns.name}`)
        if (answer.code === 201) await api.call('DELETE', `/api/v1/namespaces/${hooks.ns.name}/configmaps/slow`)
        return answer
      }
      const early = await slow('Fail', 1)
      expect(early.code).toBe(500)
      expect(early.body.message).toMatch(/context deadline exceeded|timeout/)
      expect(early.body.message).toContain('/always-allow-delay-5s?timeout=1s')
      expect((await slow('Ignore', 1)).code).toBe(201)
      expect((await slow('Fail', 10)).code).toBe(201)
      expect((await slow('Fail')).code).toBe(201)
    }),
  )

  const conditions = [
    {
      sort: 'validating' as const,
      both: 'Validating Admission webhook, create and update validating webhook configuration with matchConditions',
      wrong: 'Validing Admission webhook, reject validating webhook configurations with invalid matchConditions',
    },
    {
      sort: 'mutating' as const,
      both: 'Mutating Admission webhook, create and update mutating webhook configuration with matchConditions',
      wrong: 'Mutating Admission webhook, reject mutating webhook configurations with invalid matchConditions',
    },
  ]
  for (const { sort, both, wrong: refused } of conditions) {
    const path = `${registration}/${sort}webhookconfigurations`
    type Configuration = ApiObject & { webhooks: { matchConditions: object[] }[] }
    /** Conditions are all that these cases look at: the webhook itself is never called. */
    const configuration = (name: string, matchConditions: object[]): object => ({
      metadata: { name },
      webhooks: [
        {
          ...webhookFields,
          name: 'expression.k8s.io.test',
          rules: rulesFor('configmaps', 'CREATE'),
          clientConfig: { url: 'https://localhost/never' },
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } },
          matchConditions,
        },
      ],
    })

    it(`have conditions in a ${sort} configuration, which can be updated${covers(both)}`, async () => {
      const name = `conditions-${sort}-${process.pid.toString(36)}`
      const first = { name: 'expression-1', expression: "object.metadata.namespace == 'production'" }
      const second = { name: 'expression-2', expression: "object.metadata.namespace == 'staging'" }
      try {
        await api.call('POST', path, configuration(name, [first]))
        const stored = await api.call<Configuration>('GET', `${path}/${name}`)
        expect(stored.webhooks[0]?.matchConditions).toEqual([first])
        if (stored.webhooks[0]) stored.webhooks[0].matchConditions = [first, second]
        await api.call('PUT', `${path}/${name}`, stored)
        const updated = await api.call<Configuration>('GET', `${path}/${name}`)
        expect(updated.webhooks[0]?.matchConditions).toEqual([first, second])
      } finally {
        await api.send('DELETE', `${path}/${name}`)
      }
    })

    it(`have no conditions in a ${sort} configuration that do not compile${covers(refused)}`, async () => {
      const bad = { name: 'invalid-expression-1', expression: '... [] bad expression' }
      const { code, body } = await api.send<Map>('POST', path, configuration(`invalid-${sort}`, [bad]))
      expect(code).toBe(422)
      expect(body.message).toContain('compilation failed')
    })
  }

  it(
    `change what their conditions do not leave out${covers('Mutating Admission webhook, mutating webhook excluding object with specific name')}`,
    hooked(async (hooks, post) => {
      const matchConditions = [{ name: 'skip-me', expression: "object.metadata.name != 'skip-me'" }]
      await hooks.register('mutating', hooks.ns.name, [{ ...mutateConfigMaps(hooks, 1), matchConditions }])
      const data = { 'mutation-start': 'yes' }
      expect((await post('configmaps', map('skip-me', data))).body.data).toEqual(data)
      const { body } = await post('configmaps', map('not-skipped', data))
      expect(body.data).toEqual({ ...data, 'mutation-stage-1': 'yes' })
    }),
  )

  /** Until a ConfigMap is treated as wanted; what was made meanwhile is removed. */
  const settled = (
    hooks: Hooked,
    post: Post,
    data: Record<string, string>,
    wanted: (answer: Answer<Map>) => boolean,
  ) => {
    let count = 0
    return until('the webhook to be as configured', async () => {
      const name = `probe-${String(count++)}`
      const answer = await post('configmaps', map(name, data))
      if (answer.code === 201) await api.call('DELETE', `/api/v1/namespaces/${hooks.ns.name}/configmaps/${name}`)
      return wanted(answer) ? true : undefined
    })
  }
  const isDenied = ({ body }: Answer<Map>): boolean => body.message?.includes('denied') ?? false
  const isMade = ({ code }: Answer<Map>): boolean => code === 201
  const isMutated = ({ code, body }: Answer<Map>): boolean => code === 201 && body.data?.['mutation-stage-1'] === 'yes'
  const isUntouched = ({ code, body }: Answer<Map>): boolean =>
    code === 201 && body.data?.['mutation-stage-1'] === undefined

  const sorts = [
    {
      sort: 'validating' as const,
      update: 'Admission webhook, update validating webhook',
      list: 'Admission webhook, list validating webhooks',
      data: wrong,
      webhook: denyConfigMaps,
      applies: isDenied,
      doesNot: isMade,
    },
    {
      sort: 'mutating' as const,
      update: 'Admission webhook, update mutating webhook',
      list: 'Admission webhook, list mutating webhooks',
      data: { 'mutation-start': 'yes' },
      webhook: (hooks: Hooked) => mutateConfigMaps(hooks, 1),
      applies: isMutated,
      doesNot: isUntouched,
    },
  ]
  for (const { sort, update, list, data, webhook, applies, doesNot } of sorts) {
    const path = `${registration}/${sort}webhookconfigurations`

    it(
      `are as their ${sort} configuration was updated and patched${covers(update)}`,
      hooked(async (hooks, post) => {
        await hooks.register(sort, hooks.ns.name, [webhook(hooks)])
        await settled(hooks, post, data, applies)
        const stored = await api.call<ApiObject & { webhooks: { rules: { operations: string[] }[] }[] }>(
          'GET',
          `${path}/${hooks.ns.name}`,
        )
        const rule = stored.webhooks[0]?.rules[0]
        if (rule) rule.operations = ['UPDATE']
        await api.call('PUT', `${path}/${hooks.ns.name}`, stored)
        await settled(hooks, post, data, doesNot)
        const patch = [{ op: 'replace', path: '/webhooks/0/rules/0/operations', value: ['CREATE'] }]
        const type = { 'content-type': 'application/json-patch+json' }
        expect((await api.send('PATCH', `${path}/${hooks.ns.name}`, patch, type)).code).toBe(200)
        await settled(hooks, post, data, applies)
      }),
    )

    it(
      `of ten ${sort} configurations are listed, and deleted together${covers(list)}`,
      hooked(async (hooks, post) => {
        const label = { 'e2e-list-test': hooks.ns.name }
        await Promise.all(
          Array.from({ length: 10 }, (_, i) =>
            hooks.register(sort, `${hooks.ns.name}-${String(i)}`, [webhook(hooks)], label),
          ),
        )
        const selector = `labelSelector=e2e-list-test%3D${hooks.ns.name}`
        expect((await api.call<ApiList>('GET', `${path}?${selector}`)).items.length).toBe(10)
        await settled(hooks, post, data, applies)
        await api.call('DELETE', `${path}?${selector}`)
        expect((await api.call<ApiList>('GET', `${path}?${selector}`)).items.length).toBe(0)
        await settled(hooks, post, data, doesNot)
      }),
    )
  }
})
