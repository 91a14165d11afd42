import { expect, it } from 'vitest'
import type { Kind } from '../kind.ts'
import { createProblems, createWarnings, updateProblems, type Draft } from '../test-cases.ts'
import { ingressClass } from './ingressclasses/kind.ts'
import { ingress } from './ingresses/kind.ts'
import { ipAddress } from './ipaddresses/kind.ts'
import { serviceCIDR } from './servicecidrs/kind.ts'

// pkg/apis/networking/validation/validation_test.go
const parentRef = { group: '', resource: 'services', namespace: 'x', name: 's' }
const backend = { service: { name: 'web', port: { number: 80 } } }
const parameters = { apiGroup: 'example.com', kind: 'K', name: 'n' }
const cases: [string, Kind, Draft, string[]][] = [
  ['class', ingressClass, { spec: { controller: 'foo.co/bar', parameters } }, []],
  ['class without controller', ingressClass, { spec: {} }, ['spec.controller: Required value']],
  [
    'controller without path',
    ingressClass,
    { spec: { controller: 'foo.co/' } },
    ['spec.controller: Invalid value: "foo.co/": must be a domain-prefixed path (such as "acme.io/foo")'],
  ],
  [
    'parameters in no namespace',
    ingressClass,
    { spec: { controller: 'foo.co/bar', parameters: { ...parameters, scope: 'Namespace' } } },
    ["spec.parameters.namespace: Required value: `parameters.scope` is set to 'Namespace'"],
  ],
  [
    'parameters of the cluster in a namespace',
    ingressClass,
    { spec: { controller: 'foo.co/bar', parameters: { ...parameters, namespace: 'x' } } },
    ["spec.parameters.namespace: Forbidden: `parameters.scope` is set to 'Cluster'"],
  ],
  ['address', ipAddress, { metadata: { name: '192.168.1.1' }, spec: { parentRef } }, []],
  ['address of nobody', ipAddress, { metadata: { name: '192.168.1.1' }, spec: {} }, ['spec.parentRef: Required value']],
  [
    'no address',
    ipAddress,
    { metadata: { name: 'abc' }, spec: { parentRef } },
    ['metadata.name: Invalid value: "abc": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'],
  ],
  ['range', serviceCIDR, { spec: { cidrs: ['10.0.0.0/24', '2001:db8::/64'] } }, []],
  ['no range', serviceCIDR, { spec: { cidrs: [] } }, ['spec.cidrs: Required value: at least one CIDR required']],
  [
    'range with a host',
    serviceCIDR,
    { spec: { cidrs: ['10.0.0.1/24'] } },
    ['spec.cidrs[0]: Invalid value: "10.0.0.1/24": must not have bits set beyond the prefix length'],
  ],
  [
    'two ranges of a family',
    serviceCIDR,
    { spec: { cidrs: ['10.0.0.0/24', '10.1.0.0/24'] } },
    [
      'spec.cidrs: Invalid value: ["10.0.0.0/24","10.1.0.0/24"]: may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64',
    ],
  ],
  ['ingress', ingress, { spec: { defaultBackend: backend, tls: [{ hosts: ['a.b'], secretName: 's' }] } }, []],
  [
    'no backend',
    ingress,
    { spec: { defaultBackend: {} } },
    ['spec.defaultBackend: Invalid value: "": resource or service backend is required'],
  ],
  [
    'backend that is no service',
    ingress,
    { spec: { defaultBackend: { resource: { kind: 'K', name: '' } } } },
    ['spec.defaultBackend.resource.name: Required value'],
  ],
  [
    'class said twice',
    ingress,
    {
      metadata: { annotations: { 'kubernetes.io/ingress.class': 'a' } },
      spec: { defaultBackend: backend, ingressClassName: 'a' },
    },
    ['annotations.kubernetes.io/ingress.class: Invalid value: "a": can not be set when the class field is also set'],
  ],
]
it.each(cases)('%s', (_, kind, draft, want) => {
  expect(createProblems(kind, draft)).toEqual(want)
})

it('a range may get a second family, and nothing else', () => {
  const draft = { spec: { cidrs: ['10.0.0.0/24'] } }
  const change = (cidrs: string[]) => updateProblems(serviceCIDR, draft, (obj) => (obj['spec'] = { cidrs }))
  expect(change(['10.0.0.0/24', '2001:db8::/64'])).toEqual([])
  expect(change(['10.1.0.0/24'])).toEqual(['spec.cidrs[0]: Invalid value: "10.1.0.0/24": field is immutable'])
  expect(change([])).toEqual(['spec.cidrs: Invalid value: []: field is immutable'])
})

it('a class keeps its controller', () => {
  const draft = { spec: { controller: 'foo.co/bar' } }
  expect(updateProblems(ingressClass, draft, (obj) => (obj['spec'] = { controller: 'foo.co/baz' }))).toEqual([
    'spec.controller: Invalid value: "foo.co/baz": field is immutable',
  ])
})

it('tells of the old annotation', () => {
  const metadata = { annotations: { 'kubernetes.io/ingress.class': 'a' } }
  expect(createWarnings(ingress, { metadata, spec: { defaultBackend: backend } })).toEqual([
    `annotation "kubernetes.io/ingress.class" is deprecated, please use 'spec.ingressClassName' instead`,
  ])
})
