import type { APIService } from '@kubets/shared/api/types/apiregistration-v1.ts'
import type { Service } from '@kubets/shared/api/types/core-v1.ts'
import type { EndpointSlice } from '@kubets/shared/api/types/discovery-v1.ts'
import { describe, expect, it } from 'vitest'
import { isAvailable, judge, passed, withVerdict } from './availability.ts'

const apiService: APIService = {
  apiVersion: 'apiregistration.k8s.io/v1',
  kind: 'APIService',
  metadata: { name: 'v1.example.com' },
  spec: { service: { name: 'api', namespace: 'ns', port: 443 }, groupPriorityMinimum: 1, versionPriority: 1 },
}
const service = (type: string, ...ports: { name?: string; port: number }[]): Service =>
  ({ metadata: { name: 'api' }, spec: { type, ports } }) as Service
const slice = (ready: boolean | undefined, name: string | undefined, port?: number): EndpointSlice =>
  ({
    metadata: { name: 'a' },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.0.0.1'], ...(ready === undefined ? {} : { conditions: { ready } }) }],
    ports: [{ ...(name === undefined ? {} : { name }), ...(port === undefined ? {} : { port }) }],
  }) as EndpointSlice

describe('judge', () => {
  it.each<[string, Service | undefined, EndpointSlice[], [string, string] | undefined]>([
    ['no service', undefined, [], ['ServiceNotFound', 'service/api in "ns" is not present']],
    [
      'another port',
      service('ClusterIP', { port: 80 }),
      [],
      ['ServicePortError', 'service/api in "ns" is not listening on port 443'],
    ],
    [
      'no slices',
      service('ClusterIP', { port: 443 }),
      [],
      ['EndpointsNotFound', 'cannot find endpointslices for service/api in "ns"'],
    ],
    [
      'nothing ready',
      service('ClusterIP', { port: 443, name: 'https' }),
      [slice(false, 'https', 6443)],
      ['MissingEndpoints', 'endpointslices for service/api in "ns" have no addresses with port name "https"'],
    ],
    [
      'another port name',
      service('ClusterIP', { port: 443 }),
      [slice(true, 'https', 6443)],
      ['MissingEndpoints', 'endpointslices for service/api in "ns" have no addresses with port name ""'],
    ],
    ['ready', service('ClusterIP', { port: 443 }), [slice(undefined, '', 6443)], undefined],
    ['an external name has no endpoints', service('ExternalName'), [], undefined],
  ])('%s', (_, found, slices, expected) => {
    const verdict = judge(apiService, found, slices)
    expect(verdict && [verdict.reason, verdict.message]).toEqual(expected)
    if (verdict) expect(verdict.status).toBe('False')
  })
})

it('a condition changes its time when it changes its status', () => {
  const first = withVerdict(apiService, passed, 't1')
  expect(first).toEqual([{ type: 'Available', lastTransitionTime: 't1', ...passed }])
  const seen: APIService = {
    ...apiService,
    status: { conditions: [{ type: 'Other', status: 'True' }, ...(first ?? [])] },
  }
  expect(isAvailable(seen)).toBe(true)
  expect(withVerdict(seen, passed, 't2')).toBeUndefined()
  expect(withVerdict(seen, { ...passed, message: 'still' }, 't2')?.[1]?.lastTransitionTime).toBe('t1')
  const lost = withVerdict(seen, { status: 'False', reason: 'ServiceNotFound', message: 'gone' }, 't2')
  expect(lost?.map(({ type, status }) => [type, status])).toEqual([
    ['Other', 'True'],
    ['Available', 'False'],
  ])
  expect(lost?.[1]?.lastTransitionTime).toBe('t2')
})
