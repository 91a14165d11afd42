import type { AdmissionRequest } from '@kubets/shared/api/types/admission-v1.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestServer, type Reply, type TestServer } from '../../test-server.ts'
import { patching, startTestHooks, type TestHooks } from './test-hooks.ts'

let server: TestServer
let hooks: TestHooks
const registration = '/apis/admissionregistration.k8s.io/v1'

beforeAll(async () => {
  ;[server, hooks] = await Promise.all([startTestServer(), startTestHooks()])
})
afterAll(async () => {
  hooks.stop()
  await server.stop()
})

const onConfigMaps = {
  operations: ['CREATE', 'UPDATE', 'DELETE'],
  apiGroups: [''],
  apiVersions: ['v1'],
  resources: ['configmaps'],
}

interface Given {
  name?: string
  path: string
  rules?: object[]
  [field: string]: unknown
}

/** A configuration for one namespace, of which nothing is left when the function given back has been called. */
async function register(
  sort: 'mutating' | 'validating',
  name: string,
  namespace: string,
  ...webhooks: Given[]
): Promise<() => Promise<Reply>> {
  const path = `${registration}/${sort}webhookconfigurations`
  const body = {
    metadata: { name },
    webhooks: webhooks.map(({ path: where, name: hookName, ...more }, i) => ({
      name: hookName ?? `hook-${i}.test.example`,
      clientConfig: hooks.at(where),
      rules: [onConfigMaps],
      sideEffects: 'None',
      admissionReviewVersions: ['v1'],
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
      ...more,
    })),
  }
  const { code, text } = await server.call(path, { body })
  expect([code, text]).toEqual([201, text])
  return () => server.call(`${path}/${name}`, { method: 'DELETE' })
}

async function newNamespace(name: string): Promise<string> {
  expect((await server.call('/api/v1/namespaces', { body: { metadata: { name } } })).code).toBe(201)
  return `/api/v1/namespaces/${name}/configmaps`
}

const map = (name: string, more: object = {}): object => ({ metadata: { name }, ...more })

describe('a validating webhook', () => {
  it('is told what is to be done, by whom, and may refuse it', async () => {
    const maps = await newNamespace('told')
    const end = await register('validating', 'told', 'told', { path: '/told' })
    hooks.answer('/told', { warnings: ['mind the gap'], auditAnnotations: { a: 'b' } })
    const made = await server.call(`${maps}?fieldManager=me`, { body: map('a', { data: { k: 'v' } }) })
    expect(made.code).toBe(201)
    expect(made.headers['warning']).toBe('299 - "mind the gap"')
    expect(hooks.asked('/told').at(-1)).toMatchObject({
      kind: { group: '', version: 'v1', kind: 'ConfigMap' },
      resource: { group: '', version: 'v1', resource: 'configmaps' },
      requestKind: { group: '', version: 'v1', kind: 'ConfigMap' },
      name: 'a',
      namespace: 'told',
      operation: 'CREATE',
      userInfo: { username: 'kubernetes-admin', groups: ['system:masters', 'system:authenticated'] },
      object: {
        kind: 'ConfigMap',
        apiVersion: 'v1',
        metadata: { name: 'a', uid: expect.any(String) as string },
        data: { k: 'v' },
      },
      oldObject: null,
      dryRun: false,
      options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1', fieldManager: 'me' },
    })

    hooks.answer('/told', { allowed: false, status: { message: 'not today', reason: 'Tired', code: 418 } })
    const put = await server.call(`${maps}/a`, { method: 'PUT', body: map('a', { data: { k: 'w' } }) })
    expect(put.json).toMatchObject({
      status: 'Failure',
      message: 'admission webhook "hook-0.test.example" denied the request: not today',
      reason: 'Tired',
      code: 418,
    })
    expect(hooks.asked('/told').at(-1)).toMatchObject({
      operation: 'UPDATE',
      object: { data: { k: 'w' } },
      oldObject: { data: { k: 'v' } },
      options: { kind: 'UpdateOptions' },
    })

    hooks.answer('/told', { allowed: false })
    const gone = await server.call(`${maps}/a?propagationPolicy=Background`, { method: 'DELETE' })
    expect(gone.json).toMatchObject({
      message: 'admission webhook "hook-0.test.example" denied the request without explanation',
      code: 400,
    })
    expect(hooks.asked('/told').at(-1)).toMatchObject({
      operation: 'DELETE',
      object: null,
      oldObject: { data: { k: 'v' } },
      options: { kind: 'DeleteOptions', propagationPolicy: 'Background' },
    })
    await end()
    expect((await server.call(`${maps}/a`, { method: 'DELETE' })).code).toBe(200)
  })

  it('that cannot be asked is a refusal, or is passed over, as its policy says', async () => {
    const maps = await newNamespace('policy')
    const nowhere = { service: { namespace: 'policy', name: 'nowhere', path: '/x' } }
    let end = await register('validating', 'policy', 'policy', { path: '/x', clientConfig: nowhere })
    const refused = await server.call(maps, { body: map('a') })
    expect(refused.json).toMatchObject({
      code: 500,
      reason: 'InternalError',
      message:
        'Internal error occurred: failed calling webhook "hook-0.test.example": failed to call webhook: Post "https://nowhere.policy.svc:443/x?timeout=10s": service "nowhere" not found',
    })
    await end()
    end = await register('validating', 'policy', 'policy', {
      path: '/x',
      clientConfig: nowhere,
      failurePolicy: 'Ignore',
    })
    expect((await server.call(maps, { body: map('a') })).code).toBe(201)
    await end()
    const { text } = await server.call('/metrics')
    expect(text).toContain(
      'apiserver_admission_webhook_fail_open_count{name="hook-0.test.example",type="validating"} 1',
    )
    expect(text).toMatch(
      /apiserver_admission_webhook_rejection_count\{[^}]*operation="CREATE",error_type="calling_webhook_error",rejection_code="503"\} 1/,
    )
  })

  it('must answer what it was asked', async () => {
    const maps = await newNamespace('answers')
    const end = await register('validating', 'answers', 'answers', { path: '/answers' })
    const wrong = async (answer: object): Promise<string> => {
      hooks.answer('/answers', answer)
      return String((await server.call(maps, { body: map('a') })).json.message)
    }
    const failed = 'Internal error occurred: failed calling webhook "hook-0.test.example": '
    expect(await wrong({ uid: 'another' })).toMatch(
      /received invalid webhook response: expected response\.uid="[0-9a-f-]{36}", got "another"$/,
    )
    expect(await wrong(patching({ op: 'add' }))).toBe(
      `${failed}received invalid webhook response: validating webhook may not return response.patch`,
    )
    expect(await wrong({ allowed: 'yes' })).toContain(`${failed}failed to call webhook: `)
    await end()
  })

  it('is not asked in a dry run when it has side effects', async () => {
    const maps = await newNamespace('dry')
    const end = await register('validating', 'dry', 'dry', { path: '/dry', sideEffects: 'NoneOnDryRun' })
    expect((await server.call(`${maps}?dryRun=All`, { body: map('a') })).code).toBe(201)
    expect(hooks.asked('/dry')).toMatchObject([{ dryRun: true, options: { kind: 'CreateOptions', dryRun: ['All'] } }])
    await end()
  })

  it('selects by labels of the object, before and after', async () => {
    const maps = await newNamespace('labels')
    const end = await register('validating', 'labels', 'labels', {
      path: '/labels',
      objectSelector: { matchLabels: { a: 'b' } },
    })
    await server.call(maps, { body: map('a') })
    expect(hooks.asked('/labels')).toEqual([])
    await server.call(`${maps}/a`, { method: 'PUT', body: { metadata: { name: 'a', labels: { a: 'b' } } } })
    await server.call(`${maps}/a`, { method: 'PUT', body: { metadata: { name: 'a' } } })
    await server.call(`${maps}/a`, { method: 'DELETE' })
    expect(hooks.asked('/labels').map(({ operation }) => operation)).toEqual(['UPDATE', 'UPDATE'])
    await end()
  })

  it('sees an object in the version that its rules are about', async () => {
    await newNamespace('versions')
    const rule = {
      operations: ['CREATE'],
      apiGroups: ['autoscaling'],
      apiVersions: ['v1'],
      resources: ['horizontalpodautoscalers'],
    }
    const end = await register('validating', 'versions', 'versions', { path: '/versions', rules: [rule] })
    const spec = {
      maxReplicas: 3,
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' },
      metrics: [
        { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 42 } } },
      ],
    }
    const path = '/apis/autoscaling/v2/namespaces/versions/horizontalpodautoscalers'
    expect((await server.call(path, { body: map('a', { spec }) })).code).toBe(201)
    expect(hooks.asked('/versions')).toMatchObject([
      {
        kind: { group: 'autoscaling', version: 'v1', kind: 'HorizontalPodAutoscaler' },
        requestKind: { version: 'v2' },
        requestResource: { version: 'v2' },
        object: { apiVersion: 'autoscaling/v1', spec: { targetCPUUtilizationPercentage: 42 } },
      },
    ])
    await end()
  })

  it('is asked about subresources by their names, and about what is connected to', async () => {
    await newNamespace('under')
    const rule = {
      operations: ['CONNECT', 'CREATE'],
      apiGroups: [''],
      apiVersions: ['v1'],
      resources: ['pods/attach', 'pods/exec', 'serviceaccounts/token'],
    }
    const end = await register('validating', 'under', 'under', { path: '/under', rules: [rule] })
    const accounts = '/api/v1/namespaces/under/serviceaccounts'
    await server.call(accounts, { body: map('default') })
    await server.call(`${accounts}/default/token`, { body: { spec: { audiences: [] } } })
    hooks.answer('/under', { allowed: false, status: { message: 'no way' } })
    const attach = await server.call('/api/v1/namespaces/under/pods/p/attach?container=c&stdin=true', {
      method: 'POST',
    })
    expect(attach.json.message).toBe('admission webhook "hook-0.test.example" denied the request: no way')
    await server.call('/api/v1/namespaces/under/pods/p/exec?command=a&command=b', { method: 'POST' })
    expect(hooks.asked('/under')).toMatchObject([
      { operation: 'CREATE', subResource: 'token', kind: { group: 'authentication.k8s.io', kind: 'TokenRequest' } },
      {
        operation: 'CONNECT',
        subResource: 'attach',
        name: 'p',
        kind: { group: '', version: 'v1', kind: 'PodAttachOptions' },
        object: { kind: 'PodAttachOptions', container: 'c', stdin: true, stdout: true, stderr: true },
        options: null,
      },
      { object: { kind: 'PodExecOptions', command: ['a', 'b'] } },
    ])
    await end()
  })
})

const add = (path: string, value: unknown): object => ({ op: 'add', path, value })

describe('a mutating webhook', () => {
  it('changes what is stored, after the one before it; what it adds is pruned and completed', async () => {
    const maps = await newNamespace('changes')
    const end = await register('mutating', 'changes', 'changes', { path: '/first' }, { path: '/second' })
    hooks.answer('/first', patching(add('/data', { first: 'yes' }), add('/unknown', 1)))
    hooks.answer('/second', ({ object }) =>
      patching(add('/data/second', (object as { data?: { first?: string } }).data?.first)),
    )
    const { json } = await server.call(maps, { body: map('a') })
    expect(json).toMatchObject({ data: { first: 'yes', second: 'yes' } })
    expect(json).not.toHaveProperty('unknown')
    await end()

    const rules = [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }]
    const endPods = await register('mutating', 'changes', 'changes', { path: '/pods', rules })
    hooks.answer('/pods', patching(add('/spec/initContainers', [{ name: 'init', image: 'busybox' }])))
    await server.call('/api/v1/namespaces/changes/serviceaccounts', { body: map('default') })
    const spec = { containers: [{ name: 'c', image: 'busybox' }] }
    const pod = await server.call('/api/v1/namespaces/changes/pods', { body: map('p', { spec }) })
    expect(pod.json).toMatchObject({
      spec: { initContainers: [{ name: 'init', terminationMessagePolicy: 'File', volumeMounts: [{}] }] },
    })
    await endPods()
  })

  it('is asked again when a later one changed the object, if it wants to be', async () => {
    const maps = await newNamespace('again')
    const end = await register(
      'mutating',
      'again',
      'again',
      { path: '/eager', reinvocationPolicy: 'IfNeeded' },
      { path: '/once' },
      { path: '/changer' },
    )
    hooks.answer('/changer', patching(add('/data', { late: 'yes' })))
    await server.call(maps, { body: map('a') })
    const seen = (path: string): unknown[] => hooks.asked(path).map(({ object }) => (object as { data?: object }).data)
    expect(seen('/eager')).toEqual([undefined, { late: 'yes' }])
    expect(seen('/once')).toEqual([undefined])
    expect(hooks.asked('/changer').length).toBe(1)
    await end()
  })

  it.each<[string, object, number, string]>([
    [
      'a patch that does not apply',
      patching({ op: 'remove', path: '/data/nothing' }),
      500,
      'Internal error occurred: ',
    ],
    ['an object that is none of the kind', patching(add('/data', 'text')), 500, 'Internal error occurred: '],
    [
      'another name',
      patching(add('/metadata/namespace', 'default')),
      400,
      'the namespace of the provided object does not match the namespace sent on the request',
    ],
    [
      'a patch without a type',
      { patch: Buffer.from('[]').toString('base64') },
      500,
      'Internal error occurred: failed calling webhook "hook-0.test.example": received invalid webhook response: webhook returned response.patch but not response.patchType',
    ],
    [
      'something that is no patch',
      { patch: Buffer.from('{}').toString('base64'), patchType: 'JSONPatch' },
      500,
      'Internal error occurred: failed calling webhook "hook-0.test.example": received undecodable patch in webhook response: ',
    ],
  ])('cannot make it %s', async (what, answer, code, text) => {
    const name = `bad-${what.replaceAll(' ', '-')}`
    const maps = await newNamespace(name)
    const end = await register('mutating', name, name, { path: `/${name}` })
    hooks.answer(`/${name}`, answer)
    const reply = await server.call(maps, { body: map('a') })
    expect([reply.code, String(reply.json.message).slice(0, text.length)]).toEqual([code, text])
    expect((await server.call(`${maps}/a`)).code).toBe(404)
    await end()
  })

  it('may not change what is deleted', async () => {
    const maps = await newNamespace('deleted')
    await server.call(maps, { body: map('a') })
    const end = await register('mutating', 'deleted', 'deleted', { path: '/deleted' })
    hooks.answer('/deleted', patching(add('/data', {})))
    const { json } = await server.call(`${maps}/a`, { method: 'DELETE' })
    expect(json.message).toBe(
      'Internal error occurred: admission webhook "hook-0.test.example" attempted to modify the object, which is not supported for this operation',
    )
    await end()
  })

  it('takes reviews of the version it knows', async () => {
    const maps = await newNamespace('beta')
    const end = await register('mutating', 'beta', 'beta', {
      path: '/beta',
      admissionReviewVersions: ['v2', 'v1beta1'],
    })
    // v1beta1 asked for neither uid nor patchType
    const patch = Buffer.from(JSON.stringify([add('/data', { a: 'b' })])).toString('base64')
    hooks.answer('/beta', { uid: '', patch })
    expect((await server.call(maps, { body: map('a') })).json).toMatchObject({ data: { a: 'b' } })
    await end()
  })
})

it('configurations are not asked about, and are checked', async () => {
  const rule = { operations: ['*'], apiGroups: ['*'], apiVersions: ['*'], resources: ['*/*'] }
  const selectAll = { namespaceSelector: {}, objectSelector: { matchLabels: { exempt: 'no' } } }
  const end = await register('validating', 'exempt', 'default', { path: '/exempt', rules: [rule], ...selectAll })
  hooks.answer('/exempt', { allowed: false })
  const labels = { exempt: 'no' }
  const denied = await server.call('/api/v1/namespaces', { body: { metadata: { name: 'denied', labels } } })
  expect(denied.code).toBe(400)
  const path = `${registration}/mutatingwebhookconfigurations`
  expect((await server.call(path, { body: { metadata: { name: 'allowed', labels } } })).code).toBe(201)
  expect((await server.call(`${path}/allowed`, { method: 'DELETE' })).code).toBe(200)
  const wrong = await server.call(path, { body: { metadata: { name: 'wrong' }, webhooks: [{ name: 'a' }] } })
  expect(wrong.code).toBe(422)
  await end()
})

it('a namespace is selected by the labels it is given, and later has', async () => {
  const rule = { operations: ['*'], apiGroups: [''], apiVersions: ['*'], resources: ['namespaces'] }
  const end = await register('validating', 'own', 'own', {
    path: '/own',
    rules: [rule],
    namespaceSelector: { matchLabels: { own: 'yes' } },
  })
  const seen = (): string[] =>
    hooks.asked('/own').map((one: AdmissionRequest) => `${one.operation} ${one.namespace ?? ''}`)
  await server.call('/api/v1/namespaces', { body: { metadata: { name: 'own', labels: { own: 'yes' } } } })
  await server.call('/api/v1/namespaces', { body: { metadata: { name: 'not-own' } } })
  await server.call('/api/v1/namespaces/own', { method: 'DELETE' })
  expect(seen()).toEqual(['CREATE own', 'DELETE own'])
  await end()
})
