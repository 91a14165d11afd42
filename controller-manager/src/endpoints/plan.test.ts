import { describe, expect, it } from 'vitest'
import type { Endpoints, Pod, Service } from '@kubets/shared/api/types/core-v1.ts'
import { testPod, testService } from '../services/services.testing.ts'
import { failedWrite, plan } from './plan.ts'

const want = (service: Service, pods: Pod[], current?: Endpoints): Endpoints | undefined =>
  plan({ service, pods, current, triggerTime: undefined })?.endpoints

const shape = (endpoints: Endpoints | undefined): unknown =>
  (endpoints?.subsets ?? []).map(({ addresses, notReadyAddresses, ports }) => ({
    ready: (addresses ?? []).map((address) => address.ip),
    notReady: (notReadyAddresses ?? []).map((address) => address.ip),
    ports: (ports ?? []).map((port) => port.port),
  }))

describe('plan', () => {
  const pods = [
    testPod('b', { ip: '10.0.0.2' }),
    testPod('a', { ip: '10.0.0.1' }),
    testPod('starting', { ip: '10.0.0.3', ready: false }),
    testPod('dying', { ip: '10.0.0.4', deleted: true }),
    testPod('done', { ip: '10.0.0.5', phase: 'Succeeded' }),
    testPod('placeless'),
  ]

  it('sorts Pods into ready and not', () => {
    expect(shape(want(testService(), pods))).toEqual([
      { ready: ['10.0.0.1', '10.0.0.2'], notReady: ['10.0.0.3'], ports: [8080] },
    ])
  })

  it('publishes all where the Service says so', () => {
    expect(shape(want(testService({ publishNotReadyAddresses: true }), pods))).toEqual([
      { ready: ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4'], notReady: [], ports: [8080] },
    ])
  })

  it('writes nothing twice', () => {
    const first = want(testService(), pods)
    expect(want(testService(), [...pods].reverse(), first)).toBeUndefined()
    expect(want(testService({}, { tier: 'front' }), pods, first)?.metadata.labels).toEqual({
      tier: 'front',
      'endpoints.kubernetes.io/managed-by': 'endpoint-controller',
    })
  })

  it('names the Pod behind an address', () => {
    const [subset] =
      want(testService(), [testPod('a', { ip: '10.0.0.1', hostname: 'h', subdomain: 'web' })])?.subsets ?? []
    expect(subset?.addresses).toEqual([
      {
        ip: '10.0.0.1',
        hostname: 'h',
        nodeName: 'node',
        targetRef: { kind: 'Pod', namespace: 'n', name: 'a', uid: 'uid-a' },
      },
    ])
  })

  it('keeps Pods apart whose named port differs, and leaves out those without it', () => {
    const service = testService({ ports: [{ port: 80, targetPort: 'www', protocol: 'TCP' }] })
    const named = [
      testPod('a', { ip: '10.0.0.1', portName: 'www', port: 1000 }),
      testPod('b', { ip: '10.0.0.2', portName: 'www', port: 2000 }),
      testPod('c', { ip: '10.0.0.3', portName: 'other' }),
    ]
    expect(shape(want(service, named))).toEqual([
      { ready: ['10.0.0.1'], notReady: [], ports: [1000] },
      { ready: ['10.0.0.2'], notReady: [], ports: [2000] },
    ])
  })

  it('marks a headless Service, also without ports', () => {
    const endpoints = want(testService({ clusterIP: 'None', ports: [] }), [testPod('a', { ip: '10.0.0.1' })])
    expect(shape(endpoints)).toEqual([{ ready: ['10.0.0.1'], notReady: [], ports: [] }])
    expect(endpoints?.metadata.labels).toHaveProperty('service.kubernetes.io/headless', '')
  })

  it('cuts at a thousand, ready ones first', () => {
    const many = Array.from({ length: 1200 }, (_, index) =>
      testPod(`p${index}`, { ip: `10.1.${index >> 8}.${index & 255}`, ready: index % 2 === 0 }),
    )
    const endpoints = want(testService(), many)
    expect(endpoints?.subsets?.[0]?.addresses?.length).toBe(600)
    expect(endpoints?.subsets?.[0]?.notReadyAddresses?.length).toBe(400)
    expect(endpoints?.metadata.annotations).toEqual({ 'endpoints.kubernetes.io/over-capacity': 'truncated' })
    const fewer = want(testService(), many.slice(0, 10), endpoints)
    expect(fewer?.metadata.annotations).toEqual({})
  })

  it('leaves Services without a selector and ExternalNames alone', () => {
    expect(want(testService({ selector: {} }), pods)).toBeUndefined()
    expect(want(testService({ type: 'ExternalName' }), pods)).toBeUndefined()
  })
})

describe('failedWrite', () => {
  const endpoints = { apiVersion: 'v1', kind: 'Endpoints', metadata: { namespace: 'n', name: 's' } }
  it.each([
    ['create', 'FailedToCreateEndpoint', 'Failed to create endpoint for service n/s: no'],
    ['update', 'FailedToUpdateEndpoint', 'Failed to update endpoint n/s: no'],
  ] as const)('tells of a %s', (type, reason, message) =>
    expect(failedWrite({ type, endpoints }, 'no')).toEqual({ reason, message }),
  )
})
