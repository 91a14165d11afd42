import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { waitFor } from '@kubets/shared/testing/wait.ts'
import { startTestServer, type Reply, type TestServer } from '../../test-server.ts'

let server: TestServer
const group = '/apis/admissionregistration.k8s.io/v1'

beforeAll(async () => {
  server = await startTestServer()
})
afterAll(async () => {
  await server.stop()
})

const post = (path: string, body: object): Promise<Reply> => server.call(path, { method: 'POST', body })

interface Made {
  name: string
  namespace: string
}

let count = 0

/** A namespace of its own, by whose label a policy and its binding select. */
async function makePolicy(kind: 'Validating' | 'Mutating', spec: object, binding: object = {}): Promise<Made> {
  const name = `case-${++count}`
  const selector = { namespaceSelector: { matchLabels: { case: name } } }
  const resourceRules = [{ operations: ['*'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] }]
  const made = await post('/api/v1/namespaces', { metadata: { name, labels: { case: name } } })
  expect(made.code, made.text).toBe(201)
  const plural = `${kind.toLowerCase()}admissionpolic`
  const policy = { metadata: { name }, spec: { matchConstraints: { ...selector, resourceRules }, ...spec } }
  const first = await post(`${group}/${plural}ies`, policy)
  expect(first.code, first.text).toBe(201)
  const actions = kind === 'Validating' ? { validationActions: ['Deny'] } : {}
  const bound = { metadata: { name }, spec: { policyName: name, ...actions, ...binding } }
  const second = await post(`${group}/${plural}ybindings`, bound)
  expect(second.code, second.text).toBe(201)
  return { name, namespace: name }
}

const createMap = ({ namespace }: Made, name: string, data: object = {}, more: object = {}): Promise<Reply> =>
  post(`/api/v1/namespaces/${namespace}/configmaps`, { metadata: { name, ...more }, data })

/** The answer to a create once it is as it should be: the cache of policies may be a moment behind. */
async function eventually(create: (name: string) => Promise<Reply>, wanted: (reply: Reply) => boolean): Promise<Reply> {
  let last: Reply | undefined
  let tries = 0
  await waitFor(async () => {
    last = await create(`try-${++tries}`)
    return wanted(last)
  })
  return last as Reply
}

describe('validating policies', () => {
  it('denies what does not hold, in upstream words', async () => {
    const made = await makePolicy('Validating', {
      validations: [
        {
          expression: 'has(object.data.size) && int(object.data.size) <= variables.max',
          reason: 'Forbidden',
          messageExpression: "'at most ' + string(variables.max)",
        },
        { expression: "object.data.size != '2'" },
      ],
      variables: [
        { name: 'base', expression: '4' },
        { name: 'max', expression: 'variables.base + 1' },
      ],
    })
    const text = `ValidatingAdmissionPolicy '${made.name}' with binding '${made.name}' denied request: at most 5`
    const denied = await eventually(
      (name) => createMap(made, name, { size: '6' }),
      ({ code }) => code === 403,
    )
    expect(denied.json).toMatchObject({
      reason: 'Forbidden',
      message: expect.stringMatching(/^configmaps "try-\d+" is forbidden: ValidatingAdmissionPolicy/),
      details: { kind: 'configmaps', causes: [{ message: text }] },
    })
    expect((await createMap(made, 'ok', { size: '5' })).code).toBe(201)
    const second = await createMap(made, 'two', { size: '2' })
    expect(second.code).toBe(422)
    expect(second.json.message).toContain("denied request: failed expression: object.data.size != '2'")
    const broken = await createMap(made, 'letters', { size: 'x' })
    expect(broken.json.message).toContain("resulted in error: type conversion error from 'string' to 'int'")
    // another resource and another namespace are not meant
    expect((await post('/api/v1/namespaces/default/configmaps', { metadata: { name: made.name } })).code).toBe(201)
  })

  it('warns and speaks to the audit log where the binding says so', async () => {
    const made = await makePolicy(
      'Validating',
      {
        validations: [{ expression: 'false', message: 'never' }],
        auditAnnotations: [{ key: 'k', valueExpression: "'v'" }],
      },
      { validationActions: ['Warn', 'Audit'] },
    )
    const reply = await eventually(
      (name) => createMap(made, name),
      ({ headers }) => headers['warning'] !== undefined,
    )
    expect(reply.code).toBe(201)
    const warning = `Validation failed for ValidatingAdmissionPolicy '${made.name}' with binding '${made.name}': never`
    expect(String(reply.headers['warning'])).toContain(warning)
  })

  it('looks at conditions first, and lets errors pass when told to', async () => {
    const made = await makePolicy('Validating', {
      failurePolicy: 'Ignore',
      matchConditions: [
        { name: 'marked', expression: "has(object.metadata.labels) && 'mark' in object.metadata.labels" },
      ],
      validations: [{ expression: "object.data.must == 'x'" }],
    })
    const marked = { labels: { mark: '' } }
    await eventually(
      (name) => createMap(made, name, { must: 'y' }, marked),
      ({ code }) => code === 422,
    )
    expect((await createMap(made, 'unmarked', { must: 'y' })).code).toBe(201)
    expect((await createMap(made, 'without', {}, marked)).code).toBe(201)
  })

  it('knows request, old object, namespace and who may do what', async () => {
    const made = await makePolicy('Validating', {
      validations: [
        { expression: "request.operation != 'UPDATE' || oldObject.data.a == object.data.a", message: 'a is fixed' },
        {
          expression: `namespaceObject.metadata.labels.case == request.namespace && request.resource.resource == 'configmaps'`,
        },
        { expression: "authorizer.requestResource.check('delete').allowed()", message: 'must be deletable' },
        {
          expression:
            "!authorizer.serviceAccount('default', 'nobody').group('').resource('secrets').check('get').allowed()",
        },
        { expression: "object.data.a != 'bad'" },
      ],
    })
    await eventually(
      (name) => createMap(made, name, { a: 'bad' }),
      ({ code }) => code === 422,
    )
    expect((await createMap(made, 'one', { a: '1' })).code).toBe(201)
    const path = `/api/v1/namespaces/${made.namespace}/configmaps/one`
    const changed = await server.call(path, {
      method: 'PUT',
      body: { metadata: { name: 'one' }, data: { a: '2' } },
    })
    expect(changed.json.message).toContain('a is fixed')
  })

  it('is given parameters by name and by selector', async () => {
    const rule = { validations: [{ expression: 'int(object.data.n) <= int(params.data.max)' }] }
    const paramKind = { apiVersion: 'v1', kind: 'ConfigMap' }
    const made = await makePolicy(
      'Validating',
      { ...rule, paramKind },
      { paramRef: { name: 'limits', namespace: 'default', parameterNotFoundAction: 'Deny' } },
    )
    const missing = await eventually(
      (name) => createMap(made, name, { n: '1' }),
      ({ code }) => code === 422,
    )
    expect(missing.json.message).toContain(
      'denied request: failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction',
    )
    await post('/api/v1/namespaces/default/configmaps', { metadata: { name: 'limits' }, data: { max: '3' } })
    expect((await createMap(made, 'small', { n: '3' })).code).toBe(201)
    expect((await createMap(made, 'large', { n: '4' })).code).toBe(422)
    const selected = await makePolicy(
      'Validating',
      { ...rule, paramKind },
      { paramRef: { selector: { matchLabels: { none: 'x' } }, parameterNotFoundAction: 'Allow' } },
    )
    expect((await createMap(selected, 'any', { n: '9' })).code).toBe(201)
  })
})

describe('mutating policies', () => {
  it('sets what the configuration says', async () => {
    const made = await makePolicy('Mutating', {
      reinvocationPolicy: 'Never',
      mutations: [
        {
          patchType: 'ApplyConfiguration',
          applyConfiguration: {
            expression: `Object{metadata: Object.metadata{annotations: {"mutated-by": "policy"}}, data: {"from": object.metadata.name}}`,
          },
        },
      ],
    })
    const made201 = await eventually(
      (name) => createMap(made, name, { own: 'x' }),
      ({ json }) => JSON.stringify(json).includes('mutated-by'),
    )
    expect(made201.json).toMatchObject({
      metadata: { annotations: { 'mutated-by': 'policy' } },
      data: { own: 'x', from: made201.json.metadata?.['name'] },
    })
  })

  it('applies JSON patches in order, and variables', async () => {
    const made = await makePolicy('Mutating', {
      reinvocationPolicy: 'IfNeeded',
      variables: [{ name: 'key', expression: "'a/b'" }],
      mutations: [
        {
          patchType: 'JSONPatch',
          jsonPatch: { expression: `[JSONPatch{op: "add", path: "/metadata/labels", value: {"one": "1"}}]` },
        },
        {
          patchType: 'JSONPatch',
          jsonPatch: {
            expression: `[
              JSONPatch{op: "test", path: "/metadata/labels/one", value: "1"},
              JSONPatch{op: "add", path: "/metadata/labels/" + jsonpatch.escapeKey(variables.key), value: "2"}
            ]`,
          },
        },
      ],
    })
    const reply = await eventually(
      (name) => createMap(made, name),
      ({ json }) => JSON.stringify(json).includes('"one"'),
    )
    expect(reply.json.metadata).toMatchObject({ labels: { one: '1', 'a/b': '2' } })
  })

  it('refuses when it cannot be done', async () => {
    const made = await makePolicy('Mutating', {
      reinvocationPolicy: 'Never',
      mutations: [
        { patchType: 'ApplyConfiguration', applyConfiguration: { expression: 'Object{spec: Object.spec{x: 1}}' } },
      ],
    })
    const reply = await eventually(
      (name) => createMap(made, name),
      ({ code }) => code !== 201,
    )
    expect(reply.json.message).toContain(
      `policy '${made.name}' with binding '${made.name}' denied request: error applying patch`,
    )
    expect(reply.json.message).toContain('.spec: field not declared in schema')
  })
})

describe('what policies may say', () => {
  it('tells compile errors by field', async () => {
    const reply = await post(`${group}/validatingadmissionpolicies`, {
      metadata: { name: 'wrong' },
      spec: {
        matchConstraints: { resourceRules: [] },
        validations: [{ expression: 'object.x +', messageExpression: '1' }],
      },
    })
    expect(reply.code).toBe(422)
    expect(reply.json.message).toContain('spec.matchConstraints.resourceRules: Required value')
    expect(reply.json.message).toContain(
      "compilation failed: ERROR: <input>:1:11: Syntax error: mismatched input '<EOF>'",
    )
    expect(reply.json.message).toContain(
      'spec.validations[0].messageExpression: Invalid value: "1": must evaluate to string but got int',
    )
  })
})
