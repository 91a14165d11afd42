import { describe, expect, it } from 'vitest'
import type { Endpoints, EndpointSubset, Service } from '@kubets/shared/api/types/core-v1.ts'
import type { EndpointSlice } from '@kubets/shared/api/types/discovery-v1.ts'
import { isMirrored, plan } from './plan.ts'

const endpoints = (subsets: EndpointSubset[], metadata: object = {}): Endpoints => ({
  apiVersion: 'v1',
  kind: 'Endpoints',
  metadata: { name: 'db', namespace: 'default', uid: 'e', ...metadata },
  subsets,
})
const service = (selector?: Record<string, string>): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'db' },
  spec: selector ? { selector } : {},
})
const port = (number: number) => ({ name: 'p', port: number, protocol: 'TCP' })
const at = (ip: string) => ({ ip })
/** As the server would store it. */
const stored = (slice: EndpointSlice | undefined, name = 'db-x'): EndpointSlice => {
  if (!slice) throw new Error('no slice')
  const { generateName: _, ...metadata } = slice.metadata
  return { ...slice, metadata: { ...metadata, name, uid: name, resourceVersion: '1' } }
}

describe('Endpoints are mirrored', () => {
  it.each<[string, Endpoints, Service | undefined, boolean]>([
    ['where nobody selects Pods', endpoints([]), service(), true],
    ['where the selector is empty', endpoints([]), service({}), true],
    ['not where a selector does', endpoints([]), service({ app: 'db' }), false],
    ['not without a Service', endpoints([]), undefined, false],
    [
      'not when told so',
      endpoints([], { labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } }),
      service(),
      false,
    ],
    [
      'not when they are a lock',
      endpoints([], { annotations: { 'control-plane.alpha.kubernetes.io/leader': '{}' } }),
      service(),
      false,
    ],
  ])('%s', (_, from, of, wanted) => {
    expect(isMirrored(from, of)).toBe(wanted)
  })
})

describe('the mirror', () => {
  it('has a slice for each family and set of ports', () => {
    const source = endpoints(
      [
        {
          addresses: [{ ip: '10.0.0.1', hostname: 'a', nodeName: 'n' }],
          notReadyAddresses: [at('10.0.0.2')],
          ports: [port(80)],
        },
        { addresses: [at('10.0.0.3')], ports: [port(80)] },
        { addresses: [at('fd00::1')], ports: [port(80)] },
        { addresses: [at('10.0.0.4')], ports: [port(81)] },
      ],
      {
        labels: { tier: 'data' },
        annotations: { kept: 'yes', 'endpoints.kubernetes.io/last-change-trigger-time': 'x' },
      },
    )
    const { create, update, delete: gone } = plan(source, [])
    expect([update, gone]).toEqual([[], []])
    expect(create.map((one) => [one.addressType, one.ports, one.endpoints?.map((each) => each.addresses[0])])).toEqual([
      ['IPv4', [port(80)], ['10.0.0.1', '10.0.0.2', '10.0.0.3']],
      ['IPv6', [port(80)], ['fd00::1']],
      ['IPv4', [port(81)], ['10.0.0.4']],
    ])
    expect(create[0]?.endpoints?.slice(0, 2)).toEqual([
      { addresses: ['10.0.0.1'], conditions: { ready: true }, hostname: 'a', nodeName: 'n' },
      { addresses: ['10.0.0.2'], conditions: { ready: false } },
    ])
    expect(create[0]?.metadata).toEqual({
      generateName: 'db-',
      namespace: 'default',
      labels: {
        tier: 'data',
        'kubernetes.io/service-name': 'db',
        'endpointslice.kubernetes.io/managed-by': 'endpointslicemirroring-controller.k8s.io',
      },
      annotations: { kept: 'yes' },
      ownerReferences: [
        { apiVersion: 'v1', kind: 'Endpoints', name: 'db', uid: 'e', controller: true, blockOwnerDeletion: true },
      ],
    })
  })

  const one = endpoints([{ addresses: [at('10.0.0.1')], ports: [port(80)] }])
  const there = stored(plan(one, []).create[0])

  it('writes nothing when it is right', () => {
    expect(plan(one, [there])).toEqual({ create: [], update: [], delete: [], invalid: 0, skipped: 0 })
  })
  it.each<[string, Endpoints, object]>([
    [
      'another address',
      endpoints([{ addresses: [at('10.0.0.9')], ports: [port(80)] }]),
      { endpoints: [{ addresses: ['10.0.0.9'] }] },
    ],
    ['another port', endpoints([{ addresses: [at('10.0.0.1')], ports: [port(81)] }]), { ports: [{ port: 81 }] }],
    ['a new label', endpoints(one.subsets ?? [], { labels: { a: 'b' } }), { metadata: { labels: { a: 'b' } } }],
  ])('takes over %s in the slice there is', (_, source, wanted) => {
    const { create, update, delete: gone } = plan(source, [there])
    expect([create, gone]).toEqual([[], []])
    expect(update).toMatchObject([{ metadata: { name: 'db-x', resourceVersion: '1' }, ...wanted }])
  })
  it('goes when there is nothing to say', () => {
    expect(plan(endpoints([]), [there])).toMatchObject({
      create: [],
      update: [],
      delete: [{ metadata: { name: 'db-x' } }],
    })
  })
  it('leaves out what is no address, and what is too much', () => {
    const many = Array.from({ length: 1002 }, (_, n) => at(`10.0.${String(n >> 8)}.${String(n & 255)}`))
    const planned = plan(endpoints([{ addresses: [at('nowhere'), ...many], ports: [port(80)] }]), [])
    expect([planned.create[0]?.endpoints?.length, planned.invalid, planned.skipped]).toEqual([1000, 1, 3])
  })
  it('counts nothing as too much where only some are no addresses', () => {
    const planned = plan(endpoints([{ addresses: [at('nowhere'), at('10.0.0.1')] }]), [])
    expect([planned.create[0]?.endpoints?.length, planned.invalid, planned.skipped]).toEqual([1, 1, 0])
  })
  it('has one endpoint for an address that is there twice, written as all are', () => {
    const source = endpoints([
      { addresses: [at('FD00:0::1')], notReadyAddresses: [at('fd00::1')], ports: [{ port: 80, protocol: 'TCP' }] },
    ])
    const [slice] = plan(source, []).create
    expect(slice).toMatchObject({
      endpoints: [{ addresses: ['fd00::1'], conditions: { ready: false } }],
      ports: [{ name: '', port: 80, protocol: 'TCP' }],
    })
  })
  it('grows no slices for Endpoints that are going', () => {
    const going = endpoints(one.subsets ?? [], { deletionTimestamp: '2026-01-01T00:00:00Z' })
    expect(plan(going, [])).toMatchObject({ create: [], update: [], delete: [] })
  })
})
