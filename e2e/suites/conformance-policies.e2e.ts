import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { covers } from '../conformance/covers.ts'
import { connect, type Answer, type Api } from '../harness/api.ts'
import { kubectl } from '../harness/kubectl.ts'
import { makeNamespace, removeNamespace, type Namespace } from '../harness/namespace.ts'
import { busybox } from '../harness/pods.ts'
import { until } from '../harness/until.ts'

const validating = '[sig-api-machinery] ValidatingAdmissionPolicy [Privileged:ClusterAdmin]'
const mutating = '[sig-api-machinery] MutatingAdmissionPolicy [Privileged:ClusterAdmin]'
const group = '/apis/admissionregistration.k8s.io/v1'
const rule = { apiGroups: ['apps'], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['deployments'] }

/** Policies as expressions, each bound to a namespace of its case alone: others run at the same time. */
describe.concurrent('admission policies', () => {
  let api: Api
  const namespaces: Namespace[] = []
  const made: string[] = []
  beforeAll(async () => {
    api = await connect()
  })
  afterAll(async () => {
    await Promise.all(made.map((path) => api.send('DELETE', path)))
    await Promise.all(namespaces.map(removeNamespace))
  })

  /** A namespace, and a policy with its binding that select it by a label. */
  const makePolicy = async (plural: string, spec: object, binding: object = {}): Promise<Namespace> => {
    const ns = await makeNamespace('policies')
    namespaces.push(ns)
    await kubectl(['label', 'namespace', ns.name, `policies=${ns.name}`])
    const selected = { namespaceSelector: { matchLabels: { policies: ns.name } } }
    const create = async (kind: string, body: object): Promise<void> => {
      await api.call('POST', `${group}/${kind}`, { metadata: { name: ns.name }, spec: body })
      made.push(`${group}/${kind}/${ns.name}`)
    }
    await create(`${plural}ies`, { matchConstraints: { ...selected, resourceRules: [rule] }, ...spec })
    await create(`${plural}ybindings`, { policyName: ns.name, matchResources: selected, ...binding })
    return ns
  }

  /** Paused, or a ReplicaSet without a place: nothing is started for it. */
  const create = (ns: Namespace, plural: string, name: string, replicas: number): Promise<Answer> => {
    const pod = { nodeSelector: { on: 'no-node' }, containers: [{ name: 'c', image: busybox }] }
    return api.send('POST', `/apis/apps/v1/namespaces/${ns.name}/${plural}`, {
      metadata: { name },
      spec: {
        replicas,
        ...(plural === 'deployments' ? { paused: true } : {}),
        selector: { matchLabels: { app: name } },
        template: { metadata: { labels: { app: name } }, spec: pod },
      },
    })
  }

  /** The answer to a create once it is as wanted: a policy takes a moment to be known. */
  const marker = (ns: Namespace, replicas: number, wanted: (answer: Answer) => boolean): Promise<Answer> =>
    until('the marker to be met by the policy', async () => {
      const answer = await create(ns, 'deployments', 'marker', replicas)
      if (answer.code === 201) await api.call('DELETE', `/apis/apps/v1/namespaces/${ns.name}/deployments/marker`)
      return wanted(answer) ? answer : undefined
    })

  it(`refuses a Deployment whose replicas are too few${covers(
    `${validating} should validate against a Deployment [Conformance]`,
  )}`, async () => {
    const ns = await makePolicy(
      'validatingadmissionpolic',
      {
        validations: [
          {
            expression: 'object.spec.replicas > 1',
            messageExpression: "'wants replicas > 1, got ' + object.spec.replicas",
          },
        ],
      },
      { validationActions: ['Deny'] },
    )
    const denied = await marker(ns, 1, ({ code }) => code !== 201)
    expect(denied.body).toMatchObject({
      code: 422,
      reason: 'Invalid',
      message:
        `deployments.apps "marker" is forbidden: ValidatingAdmissionPolicy '${ns.name}' with binding '${ns.name}' ` +
        'denied request: failed expression: object.spec.replicas > 1',
    })
    expect((await create(ns, 'deployments', 'replicated', 2)).code).toBe(201)
    expect((await create(ns, 'replicasets', 'single', 1)).code).toBe(201)
  })

  it(`evaluates variables, which may use each other${covers(
    `${validating} should allow expressions to refer variables. [Conformance]`,
  )}`, async () => {
    const ns = await makePolicy(
      'validatingadmissionpolic',
      {
        variables: [
          { name: 'replicas', expression: 'object.spec.replicas' },
          { name: 'oddReplicas', expression: 'variables.replicas % 2 == 1' },
        ],
        validations: [{ expression: 'variables.replicas > 1' }, { expression: 'variables.oddReplicas' }],
      },
      { validationActions: ['Deny'] },
    )
    const denied = await marker(ns, 1, ({ code }) => code !== 201)
    expect(denied.body).toMatchObject({ code: 422, reason: 'Invalid' })
    expect((await create(ns, 'deployments', 'odd', 3)).code).toBe(201)
    expect((await create(ns, 'deployments', 'even', 2)).body).toMatchObject({ code: 422, reason: 'Invalid' })
    expect((await create(ns, 'replicasets', 'single', 1)).code).toBe(201)
  })

  it(`annotates a Deployment${covers(
    `${mutating} should mutate a Deployment with annotations [Conformance]`,
  )}`, async () => {
    const expression = 'Object{metadata: Object.metadata{annotations: {"mutated-by": "admission-policy"}}}'
    const ns = await makePolicy('mutatingadmissionpolic', {
      reinvocationPolicy: 'Never',
      mutations: [{ patchType: 'ApplyConfiguration', applyConfiguration: { expression } }],
    })
    const changed = await marker(ns, 1, ({ body }) => JSON.stringify(body).includes('mutated-by'))
    expect(changed.body).toMatchObject({ metadata: { annotations: { 'mutated-by': 'admission-policy' } } })
  })

  it(`sets a field of a Deployment${covers(`${mutating} should mutate a Deployment [Conformance]`)}`, async () => {
    const expression = 'Object{spec: Object.spec{replicas: 1337}}'
    const ns = await makePolicy('mutatingadmissionpolic', {
      reinvocationPolicy: 'Never',
      mutations: [{ patchType: 'ApplyConfiguration', applyConfiguration: { expression } }],
    })
    const changed = await marker(ns, 1, ({ body }) => JSON.stringify(body).includes('1337'))
    expect(changed.body).toMatchObject({ spec: { replicas: 1337 } })
  })
})
