import type { Endpoints, Service } from '@kubets/shared/api/types/core-v1.ts'
import type { EndpointSlice } from '@kubets/shared/api/types/discovery-v1.ts'
import { silentLogger } from '@kubets/shared/machinery/logger.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import { realClock } from '@kubets/shared/process/clock.ts'
import { waitFor } from '@kubets/shared/testing/wait.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Storage } from '../../storage/storage.ts'
import { openRegistry, openTwoRegistries, scope } from '../component-harness.ts'
import type { Registry } from '../types.ts'

let etcd: { readonly endpoint: string }
let registry: Registry
let second: Registry
let stop: () => Promise<void>

beforeAll(async () => {
  ;({ etcd, registry, second, stop } = await openTwoRegistries())
})
afterAll(() => stop())

function service(name: string, spec: object = {}): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name },
    spec: { ports: [{ port: 80 }], ...spec },
  } as KubeObject
}

const leases = { group: '', plural: 'apiserverleases' }

function storageOf(endpoint: string): Storage {
  return new Storage({ endpoints: [endpoint], prefix: '/registry', clock: realClock, log: silentLogger })
}

/** The lease of an apiserver that says nothing more. */
async function silentApiserver(endpoint: string, address: string): Promise<void> {
  const object = { apiVersion: 'v1', kind: 'Apiserver', metadata: { name: address } }
  await storageOf(endpoint).commit([{ resource: leases, key: address, object, expect: 0, ttlSeconds: 10 }])
}

const leaseOf = (endpoint: string, address: string): Promise<unknown> => storageOf(endpoint).read(leases, address)

const works = (promise: Promise<unknown>): Promise<boolean> =>
  promise.then(
    () => true,
    () => false,
  )

describe('the first objects', () => {
  it('are there, with the address of every apiserver', async () => {
    const names = (await registry.list(scope('v1', 'Namespace'))).items.map(({ object }) => object.metadata.name)
    expect(names).toEqual(expect.arrayContaining(['default', 'kube-node-lease', 'kube-public', 'kube-system']))
    const kubernetes = (await registry.get(scope('v1', 'Service', 'default'), 'kubernetes')).object as Service
    expect(kubernetes.spec.clusterIP).toBe('10.96.0.1')
    const endpoints = (await registry.get(scope('v1', 'Endpoints', 'default'), 'kubernetes')).object
    expect(endpoints).toMatchObject({ subsets: [{ addresses: [{ ip: '10.0.0.1' }, { ip: '10.0.0.2' }] }] })
  })

  it('lose the address of an apiserver that leaves, and of one that is silent', async () => {
    const addresses = async (): Promise<string[]> => {
      const endpoints = (await registry.get(scope('v1', 'Endpoints', 'default'), 'kubernetes')).object as Endpoints
      const slice = (await registry.get(scope('discovery.k8s.io/v1', 'EndpointSlice', 'default'), 'kubernetes')).object
      const ips = endpoints.subsets?.flatMap((subset) => (subset.addresses ?? []).map(({ ip }) => ip)) ?? []
      expect((slice as EndpointSlice).endpoints?.flatMap((endpoint) => endpoint.addresses)).toEqual(ips)
      return ips
    }
    const third = await openRegistry(etcd.endpoint, '10.0.0.3')
    await silentApiserver(etcd.endpoint, '10.0.0.4')
    const fifth = await openRegistry(etcd.endpoint, '10.0.0.5')
    expect(await addresses()).toEqual(['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.5'])
    await third.leave()
    expect(await addresses()).not.toContain('10.0.0.3')
    await waitFor(async () => (await leaseOf(etcd.endpoint, '10.0.0.4')) === undefined, 'the lease has ended')
    await fifth.leave()
    expect(await addresses()).toEqual(['10.0.0.1', '10.0.0.2'])
    await Promise.all([third.close(), fifth.close()])
  })
})

describe('Services', () => {
  const services = scope('v1', 'Service', 'svc')

  it('get different addresses from apiservers that race', async () => {
    // 254 usable addresses, of which the `kubernetes` Service has one
    const created = await Promise.all(
      Array.from({ length: 200 }, (_, i) => (i % 2 ? registry : second).create(services, service(`s${String(i)}`))),
    )
    const ips = created.map(({ object }) => (object as Service).spec.clusterIP)
    expect(new Set(ips).size).toBe(200)
    expect(ips.every((ip) => ip?.startsWith('10.96.0.'))).toBe(true)
    await registry.deleteCollection(services, {})
    expect((await registry.list(scope('networking.k8s.io/v1', 'IPAddress'))).items).toHaveLength(1)
  })

  it('of which one can have an address that several ask for', async () => {
    const tries = Array.from({ length: 6 }, (_, i) =>
      (i % 2 ? registry : second).create(services, service(`same${String(i)}`, { clusterIP: '10.96.0.77' })),
    )
    const results = await Promise.allSettled(tries)
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    const refused = results.find((result) => result.status === 'rejected')
    expect(refused?.reason).toMatchObject({ code: 422 })
    expect(String(refused?.reason)).toContain('failed to allocate IP 10.96.0.77: provided IP is already allocated')
  })

  it('get addresses of every ServiceCIDR that is ready', async () => {
    const cidrs = scope('networking.k8s.io/v1', 'ServiceCIDR')
    const dry = { ...services, dryRun: true }
    const cidr = { apiVersion: 'networking.k8s.io/v1', kind: 'ServiceCIDR', metadata: { name: 'more' } }
    const asked = (name: string): KubeObject => service(name, { clusterIP: '10.99.0.7' })
    await expect(registry.create(services, asked('more'))).rejects.toMatchObject({ code: 422 })
    await registry.create(cidrs, { ...cidr, spec: { cidrs: ['10.99.0.0/28'] } } as KubeObject)
    const created = (): Promise<boolean> => works(registry.create(services, asked('more')))
    // an apiserver follows the ServiceCIDRs a moment behind
    await waitFor(created, 'the new range is used')
    const held = await registry.get(scope('networking.k8s.io/v1', 'IPAddress'), '10.99.0.7')
    expect(held.object).toMatchObject({ spec: { parentRef: { resource: 'services', namespace: 'svc', name: 'more' } } })
    // the first range is full: what is left comes from the second
    const fill = Array.from({ length: 300 }, (_, i) => registry.create(services, service(`fill${String(i)}`)))
    const results = await Promise.allSettled(fill)
    const ips = results.flatMap((r) =>
      r.status === 'fulfilled' ? [(r.value.object as Service).spec.clusterIP ?? ''] : [],
    )
    expect(ips.filter((ip) => ip.startsWith('10.99.0.'))).toHaveLength(13)
    expect(String(results.find((r) => r.status === 'rejected')?.reason)).toContain(
      'failed to allocate a serviceIP: range is full',
    )
    await registry.deleteCollection(services, {})
    const notReady = [{ type: 'Ready', status: 'False', reason: 'Terminating', message: '', lastTransitionTime: null }]
    const terminating = (current: KubeObject): KubeObject =>
      ({ ...current, status: { conditions: notReady } }) as KubeObject
    await registry.update(cidrs, 'more', terminating, { subresource: 'status' })
    const refused = async (): Promise<boolean> => !(await works(registry.create(dry, asked('none'))))
    await waitFor(refused, 'the range is no longer used')
    await registry.delete(cidrs, 'more')
  })

  it('are refused what is outside the ranges', async () => {
    await expect(registry.create(services, service('far', { clusterIP: '10.97.0.1' }))).rejects.toMatchObject({
      code: 422,
      message:
        'Service "far" is invalid: spec.clusterIPs: Invalid value: ["10.97.0.1"]: failed to allocate IP 10.97.0.1: the provided network does not match the current range',
    })
    const ports = [{ port: 80, nodePort: 40000 }]
    await expect(registry.create(services, service('far', { type: 'NodePort', ports }))).rejects.toMatchObject({
      message:
        'Service "far" is invalid: spec.ports[0].nodePort: Invalid value: 40000: provided port is not in the valid range. The range of valid ports is 30000-30099',
    })
  })

  it('give node ports back when their type no longer needs them', async () => {
    const ports = [{ port: 80, nodePort: 30033 }]
    await registry.create(services, service('np', { type: 'NodePort', ports }))
    await expect(second.create(services, service('np2', { type: 'NodePort', ports }))).rejects.toMatchObject({
      message:
        'Service "np2" is invalid: spec.ports[0].nodePort: Invalid value: 30033: provided port is already allocated',
    })
    const plain = (current: KubeObject): KubeObject =>
      ({ ...current, spec: { ...(current as Service).spec, type: 'ClusterIP' } }) as KubeObject
    const { encoded } = await registry.update(services, 'np', plain)
    expect((encoded.object as Service).spec.ports?.[0]?.nodePort).toBeUndefined()
    await second.create(services, service('np2', { type: 'NodePort', ports }))
  })

  it('say when all node ports are taken', async () => {
    const ports = Array.from({ length: 99 }, (_, i) => ({ port: i + 1, name: `p${String(i)}` }))
    await registry.create(services, service('all', { type: 'NodePort', ports }))
    await expect(registry.create(services, service('more', { type: 'NodePort' }))).rejects.toMatchObject({
      code: 500,
      message: 'Internal error occurred: failed to allocate a nodePort: range is full',
    })
  })
})
