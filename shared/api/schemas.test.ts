import { describe, expect, it } from 'vitest'
import { strategicMergePatch } from '../machinery/patch/strategic-merge.ts'
import { decodeBody } from '../machinery/schema/body.ts'
import type { FieldValidation } from '../machinery/schema/decode.ts'
import { allFacts, findSchema, schemaFor } from './schemas.ts'

const deployment = schemaFor('apps', 'v1', 'Deployment')
const pod = schemaFor('', 'v1', 'Pod')

function decode(node: typeof pod, text: string | object, mode: FieldValidation = 'Strict') {
  return decodeBody(node, Buffer.from(typeof text === 'string' ? text : JSON.stringify(text)), 'json', mode)
}

const head = { apiVersion: 'apps/v1', kind: 'Deployment' }

describe('schemaFor', () => {
  it('compiles every type of the facts, recursive ones too', () => {
    let types = 0
    for (const facts of allFacts()) {
      for (const [name, type] of Object.entries(facts.types)) {
        if (type.fields) expect(schemaFor(facts.group, facts.version, name).name).toBe(`${facts.package}.${name}`)
        if (type.fields) types++
      }
    }
    expect(types).toBeGreaterThan(600)
  })

  it('finds what all groups share, and nothing for the unknown', () => {
    expect(schemaFor('apps', 'v1', 'DeleteOptions').name).toBe('io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions')
    expect(findSchema('apps', 'v1', 'Nothing')).toBeUndefined()
    expect(findSchema('example.com', 'v1', 'Thing')).toBeUndefined()
    expect(() => schemaFor('', 'v1', 'Nothing')).toThrow('no schema for Nothing in v1')
  })

  it('knows tags, markers and protobuf numbers', () => {
    const spec = pod.fields.get('spec')?.node
    if (spec?.type !== 'object') throw new Error('Pod.spec is an object')
    const containers = spec.fields.get('containers')
    expect(containers).toMatchObject({ patchStrategy: ['merge'], patchMergeKey: 'name', required: true, proto: 2 })
    expect(containers?.node).toMatchObject({ type: 'list', listType: 'map', mapKeys: ['name'] })
    const constraints = spec.fields.get('topologySpreadConstraints')
    expect(constraints?.node).toMatchObject({ mapKeys: ['topologyKey', 'whenUnsatisfiable'] })
    const selector = deployment.fields.get('spec')?.node
    expect(selector?.type === 'object' && selector.fields.get('selector')?.node).toMatchObject({ atomic: true })
    const volume = schemaFor('', 'v1', 'Volume')
    expect(volume.fields.has('hostPath')).toBe(true)
    expect(volume.message.map((part) => part.proto)).toEqual([1, 2])
  })
})

describe('decoding', () => {
  it('fills what Go cannot leave out and drops what it does', () => {
    expect(
      decode(deployment, { ...head, metadata: { name: 'x', creationTimestamp: null, labels: {} } }).object,
    ).toEqual({
      ...head,
      metadata: { name: 'x' },
      spec: { strategy: {}, template: { metadata: {}, spec: { containers: [] } } },
      status: {},
    })
    const container = {
      name: 'c',
      image: '',
      stdin: false,
      ports: [],
      env: [null, { name: 'A', value: '' }],
      securityContext: {},
    }
    expect(
      decode(pod, { apiVersion: 'v1', kind: 'Pod', spec: { containers: [container], hostNetwork: false } }).object,
    ).toEqual({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {},
      spec: { containers: [{ name: 'c', env: [{ name: 'A' }], securityContext: {}, resources: {} }] },
      status: {},
    })
    const status = { containerStatuses: [{ name: 'c', restartCount: 0 }] }
    expect(decode(pod, { status }).object['status']).toEqual({
      containerStatuses: [
        { name: 'c', restartCount: 0, ready: false, image: '', imageID: '', state: {}, lastState: {} },
      ],
    })
  })

  it('keeps zero values behind pointers, empty members of unions, and any JSON where the type is any', () => {
    expect(decode(deployment, { ...head, spec: { replicas: 0 } }).object['spec']).toMatchObject({ replicas: 0 })
    const crd = schemaFor('apiextensions.k8s.io', 'v1', 'CustomResourceDefinition')
    const schema = {
      properties: { a: { items: { type: 'string' } }, b: { additionalProperties: false }, c: { enum: [null, 1] } },
      default: { x: null, y: [] },
    }
    const version = { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }
    const { object } = decode(crd, { spec: { versions: [version] } })
    expect(object['spec']).toMatchObject({ versions: [version] })
  })

  it('writes canonical times, quantities and base64', () => {
    const limits = { cpu: '0.50', memory: '2048Mi', nothing: null, n: 3 }
    const spec = { containers: [{ name: 'c', resources: { limits } }] }
    const metadata = { creationTimestamp: '2020-01-01T02:00:00.5+02:00' }
    const { object } = decode(pod, { metadata, spec })
    expect(object).toMatchObject({
      metadata: { creationTimestamp: '2020-01-01T00:00:00Z' },
      spec: { containers: [{ resources: { limits: { cpu: '500m', memory: '2Gi', nothing: '0', n: '3' } } }] },
    })
  })

  it('reports unknown and repeated fields by place', () => {
    const text = `{"apiVersion":"apps/v1","kind":"Deployment","spec":{"replicas":1,"replicas":2,"foo":1,
      "template":{"spec":{"containers":[{"name":"c"},{"name":"d","bar":{}}]}}}}`
    const problems = [
      'duplicate field "spec.replicas"',
      'unknown field "spec.foo"',
      'unknown field "spec.template.spec.containers[1].bar"',
    ]
    const warned = decode(deployment, text, 'Warn')
    expect(warned.problems).toEqual(problems)
    expect(warned.object['spec']).toMatchObject({ replicas: 2 })
    expect(warned.object['spec']).not.toHaveProperty('foo')
    expect(decode(deployment, text, 'Ignore').problems).toEqual([])
    expect(() => decode(deployment, text)).toThrow(
      `Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: ${problems.join(', ')}`,
    )
  })

  it.each([
    [
      { spec: { replicas: '3' } },
      'json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32',
    ],
    [
      { spec: { replicas: 1.5 } },
      'json: cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32',
    ],
    [
      { spec: { replicas: 2 ** 31 } },
      'json: cannot unmarshal number 2147483648 into Go struct field DeploymentSpec.spec.replicas of type int32',
    ],
    [{ spec: [] }, 'json: cannot unmarshal array into Go struct field Deployment.spec of type v1.DeploymentSpec'],
    [
      { metadata: { labels: { a: 1 } } },
      'json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string',
    ],
    [
      { metadata: { labels: ['a'] } },
      'json: cannot unmarshal array into Go struct field ObjectMeta.metadata.labels of type map[string]string',
    ],
    [
      { spec: { template: { spec: { containers: [{ ports: [{ containerPort: '80' }] }] } } } },
      'json: cannot unmarshal string into Go struct field ContainerPort.spec.template.spec.containers.ports.containerPort of type int32',
    ],
    [
      { spec: { template: { spec: { containers: { name: 'x' } } } } },
      'json: cannot unmarshal object into Go struct field PodSpec.spec.template.spec.containers of type []v1.Container',
    ],
    [
      { spec: { strategy: { rollingUpdate: { maxSurge: true } } } },
      'json: cannot unmarshal bool into Go value of type int32',
    ],
    [
      { spec: { template: { spec: { containers: [{ resources: { limits: { cpu: '1x' } } }] } } } },
      "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
    ],
  ])('refuses %j', (body, reason) => {
    const message = `Deployment in version "v1" cannot be handled as a Deployment: ${reason}`
    expect(() => decode(deployment, { ...head, ...body })).toThrow(expect.objectContaining({ code: 400, message }))
  })

  it('refuses what is no object', () => {
    const unknown = 'the object provided is unrecognized (must be of type Pod): '
    expect(() => decode(pod, '')).toThrow(
      `${unknown}couldn't get version/kind; json parse error: unexpected end of JSON input (<empty>)`,
    )
    expect(() => decode(pod, '[1]')).toThrow(
      `${unknown}couldn't get version/kind; json parse error: json: cannot unmarshal array`,
    )
    expect(() => decode(pod, '{"a":x}')).toThrow(`invalid character 'x' looking for beginning of value ({"a":x})`)
  })

  it('keeps hostile keys where keys are free and drops them elsewhere', () => {
    const { object } = decode(pod, '{"__proto__":{"x":1},"metadata":{"labels":{"__proto__":"v"}}}', 'Warn')
    expect(JSON.stringify(object['metadata'])).toBe('{"labels":{"__proto__":"v"}}')
    expect(Object.hasOwn(object, '__proto__')).toBe(false)
    expect(Object.getPrototypeOf(object)).toBe(Object.prototype)
  })
})

describe('strategic merge on real kinds', () => {
  it('merges containers by name, ports by number, and finalizers as a set', () => {
    const current = {
      metadata: { finalizers: ['a', 'b'] },
      spec: { template: { spec: { containers: [{ name: 'web', image: 'v1', ports: [{ containerPort: 80 }] }] } } },
    }
    const patch = {
      metadata: { '$deleteFromPrimitiveList/finalizers': ['a'] },
      spec: {
        template: {
          spec: {
            '$setElementOrder/containers': [{ name: 'log' }, { name: 'web' }],
            containers: [{ name: 'log' }, { name: 'web', image: 'v2', ports: [{ containerPort: 80, name: 'http' }] }],
          },
        },
      },
    }
    expect(strategicMergePatch(deployment, current, patch)).toEqual({
      metadata: { finalizers: ['b'] },
      spec: {
        template: {
          spec: {
            containers: [{ name: 'log' }, { name: 'web', image: 'v2', ports: [{ containerPort: 80, name: 'http' }] }],
          },
        },
      },
    })
  })
})
