import { crc32 } from 'node:zlib'
import type { Container, Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { ResourceClaim } from '@kubets/shared/api/types/resource-v1.ts'
import { Registry } from 'prom-client'
import { realClock } from '@kubets/shared/testing/real-clock.ts'
import { describe, expect, it } from 'vitest'
import { checkpointText, parseCheckpoint } from './checkpoint.ts'
import { byDriver, cdiDevicesOf, checkAnswers, checkedClaim, usedClaims, type ClaimInfo } from './claims.ts'
import { DraDrivers } from './drivers.ts'
import { draMetrics } from './metrics.ts'

const podOf = (spec: Partial<Pod['spec']>, status: Pod['status'] = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', namespace: 'ns', uid: 'pod-uid' },
  spec: { containers: [], ...spec },
  status,
})
const made = podOf(
  {
    resourceClaims: [
      { name: 'named', resourceClaimName: 'a' },
      { name: 'made', resourceClaimTemplateName: 't' },
      { name: 'unneeded', resourceClaimTemplateName: 't' },
    ],
  },
  { resourceClaimStatuses: [{ name: 'made', resourceClaimName: 'p-made-x' }, { name: 'unneeded' }] },
)

describe('the claims of a Pod', () => {
  it('are those it names, those made for it, and the one for extended resources', () => {
    const extendedResourceClaimStatus = { resourceClaimName: 'ext', requestMappings: [] }
    expect(usedClaims({ ...made, status: { ...made.status, extendedResourceClaimStatus } })).toEqual([
      { name: 'a', isMade: false },
      { name: 'p-made-x', isMade: true },
      { name: 'ext', isMade: false },
    ])
    expect(() => usedClaims({ ...made, status: {} })).toThrow('pod "ns/p": ResourceClaim not created yet')
  })

  const claim = (status: ResourceClaim['status'], owner = 'pod-uid'): ResourceClaim => ({
    apiVersion: 'resource.k8s.io/v1',
    kind: 'ResourceClaim',
    metadata: {
      name: 'c',
      namespace: 'ns',
      uid: 'claim-uid',
      ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: owner, controller: true }],
    },
    spec: { devices: { requests: [] } },
    ...(status && { status }),
  })
  const reservedFor = [{ resource: 'pods', name: 'p', uid: 'pod-uid' }]
  const result = (driver: string) => ({ request: 'r', driver, pool: 'p', device: 'd' })
  it.each<[string, ResourceClaim, boolean, string]>([
    [
      'not reserved',
      claim({ allocation: {} }),
      false,
      'pod p (pod-uid) is not allowed to use ResourceClaim c (claim-uid)',
    ],
    ['not allocated', claim({ reservedFor }), false, 'ResourceClaim c: not allocated'],
    [
      'of another',
      claim({ reservedFor, allocation: {} }, 'x'),
      true,
      'ResourceClaim ns/c was not created for pod ns/p (pod is not owner)',
    ],
  ])('%s', (_, given, isMade, why) => {
    expect(() => checkedClaim(made, { name: 'c', isMade }, given)).toThrow(why)
  })
  it('are prepared by all drivers with a device in them', () => {
    const allocation = { devices: { results: [result('a'), result('b'), result('a')] } }
    const info = checkedClaim(made, { name: 'c', isMade: true }, claim({ reservedFor, allocation }))
    expect([...info.drivers]).toEqual([
      ['a', []],
      ['b', []],
    ])
    expect([...byDriver([info, { ...info, uid: 'other', drivers: new Map([['b', []]]) }]).entries()]).toMatchObject([
      ['a', [{ uid: 'claim-uid' }]],
      ['b', [{ uid: 'claim-uid' }, { uid: 'other' }]],
    ])
  })
})

const device = (name: string, requests: string[]) => ({
  pool: 'pool',
  name,
  shareId: undefined,
  requests,
  cdiIds: [`v/c=${name}`],
})
const info: ClaimInfo = {
  uid: 'claim-uid',
  name: 'a',
  namespace: 'ns',
  podUids: new Set(['pod-uid']),
  drivers: new Map([
    ['one', [device('x', ['first']), device('y', ['second'])]],
    ['two', [device('z', [])]],
  ]),
}

describe('what a container gets', () => {
  const find = (key: string) => (key === 'ns/a' ? info : undefined)
  const of = (resources: Container['resources']): Container => ({ name: 'main', ...(resources && { resources }) })
  it.each<[string, Container['resources'], string[]]>([
    ['nothing', undefined, []],
    ['all of a claim', { claims: [{ name: 'named' }] }, ['v/c=x', 'v/c=y', 'v/c=z']],
    ['one request', { claims: [{ name: 'named', request: 'first' }] }, ['v/c=x', 'v/c=z']],
    ['an alternative', { claims: [{ name: 'named', request: 'second/sub' }] }, ['v/c=y', 'v/c=z']],
    ['a claim that was not needed', { claims: [{ name: 'unneeded' }] }, []],
  ])('%s', (_, resources, ids) => {
    expect(cdiDevicesOf(made, of(resources), find)).toEqual(ids)
  })
  it('is an error while the claim is not prepared', () => {
    expect(() => cdiDevicesOf(made, of({ claims: [{ name: 'made' }] }), find)).toThrow(
      'internal error: unable to get claim info for ResourceClaim p-made-x in namespace ns',
    )
  })
  it('is of its extended resources what was found for them', () => {
    const mapping = { containerName: 'main', resourceName: 'example.com/thing', requestName: 'first' }
    const requestMappings = [mapping, { ...mapping, containerName: 'other', requestName: 'second' }]
    const pod = podOf({}, { extendedResourceClaimStatus: { resourceClaimName: 'a', requestMappings } })
    expect(cdiDevicesOf(pod, of({ requests: { 'example.com/thing': '1' } }), find)).toEqual(['v/c=x', 'v/c=z'])
    expect(cdiDevicesOf(pod, of({ requests: { cpu: '1' } }), find)).toEqual([])
  })
})

describe('the answers of a driver', () => {
  it.each([
    [{ 'claim-uid': { error: '' } }, undefined],
    [{ 'claim-uid': null }, undefined],
    [{ 'claim-uid': { error: 'no' } }, 'Method failed for ResourceClaim a: no'],
    [{ 'claim-uid': {}, other: {} }, 'Method returned result for unknown claim UID other'],
    [{}, 'Method skipped 1 ResourceClaims'],
  ])('%j', (answers, why) => {
    const check = () => checkAnswers('Method', [info], answers)
    if (why === undefined) expect(check).not.toThrow()
    else expect(check).toThrow(why)
  })
})

describe('the checkpoint', () => {
  const text = checkpointText([info])
  it('is as upstream writes it', () => {
    const devices = (names: string[], requests: string) =>
      names
        .map(
          (name) =>
            `{"PoolName":"pool","DeviceName":"${name}","ShareID":null,"RequestNames":${requests.replace('?', name === 'x' ? 'first' : 'second')},"CDIDeviceIDs":["v/c=${name}"]}`,
        )
        .join(',')
    const entry = `{"ClaimUID":"claim-uid","ClaimName":"a","Namespace":"ns","PodUIDs":{"pod-uid":{}},"DriverState":{"one":{"Devices":[${devices(['x', 'y'], '["?"]')}]},"two":{"Devices":[${devices(['z'], 'null')}]}}}`
    const data = `{"kind":"DRACheckpoint","apiVersion":"checkpoint.dra.kubelet.k8s.io/v1","Entries":[${entry}]}`
    expect(JSON.parse(text)).toEqual({ Data: data, Checksum: crc32(data) })
  })
  it('is read as it was written, unless it is broken', () => {
    expect(parseCheckpoint(text)).toEqual([info])
    expect(parseCheckpoint(checkpointText([]))).toEqual([])
    for (const broken of ['', '{}', text.replace('claim-uid', 'claim-xid'), text.slice(0, -2)]) {
      expect(() => parseCheckpoint(broken)).toThrow('checkpoint is corrupted')
    }
  })
})

describe('a driver', () => {
  const drivers = new DraDrivers(realClock, draMetrics(new Registry()), () => undefined)
  const begins = 'invalid supported gRPC versions of DRA driver plugin d at endpoint /s: '
  it.each([
    [['v1.DRAPlugin'], undefined],
    [['v2.DRAPlugin', 'v1beta1.DRAPlugin'], undefined],
    [[], 'empty list of supported gRPC services (aka supported versions)'],
    [
      ['1.0.0', 'v2.X'],
      'none of services supported by the plugin (["1.0.0" "v2.X"]) are supported by the kubelet (["v1.DRAPlugin" "v1beta1.DRAPlugin"])',
    ],
  ])('of versions %j', (versions, why) => {
    const check = () => drivers.validate('d', '/s', versions)
    if (why === undefined) expect(check).not.toThrow()
    else expect(check).toThrow(begins + why)
  })
  it('that has not registered is none', () => {
    expect(() => drivers.get('d')).toThrow('DRA driver d is not registered')
    expect(() => drivers.get('')).toThrow('DRA driver name is empty')
  })
})
