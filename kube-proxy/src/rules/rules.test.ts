import { describe, expect, it } from 'vitest'
import { config, node, service, slice, tcp80, type EndpointCase } from './cases.ts'
import { canonicalCIDR, inCIDR } from './cidr.ts'
import { staleFlows } from './conntrack.ts'
import { endpointText, type Model } from './model.ts'
import { rules } from './rules.ts'

const local: EndpointCase = { ip: '10.0.0.1', node: 'node-1' }
const remote: EndpointCase = { ip: '10.0.1.1', node: 'node-2' }
const terminating = { ready: false, serving: true, terminating: true }
const nodePort = { type: 'NodePort', ports: [{ ...tcp80, nodePort: 30001 }] }

describe('verdicts', () => {
  it.each([
    ['cluster IP', {}, [local, remote], { internal: 'cluster', cluster: 2, local: 0 }],
    [
      'internal Local',
      { internalTrafficPolicy: 'Local' },
      [local, remote],
      { internal: 'local', cluster: 0, local: 1 },
    ],
    [
      'internal Local elsewhere',
      { internalTrafficPolicy: 'Local' },
      [remote],
      { internal: 'drop', cluster: 0, local: 0 },
    ],
    ['internal Local nowhere', { internalTrafficPolicy: 'Local' }, [], { internal: 'reject', cluster: 0, local: 0 }],
    [
      'external Local',
      { ...nodePort, externalTrafficPolicy: 'Local' },
      [local, remote],
      { internal: 'cluster', external: 'local', cluster: 2, local: 1 },
    ],
    [
      'external Local elsewhere',
      { ...nodePort, externalTrafficPolicy: 'Local' },
      [remote],
      { internal: 'cluster', external: 'drop', cluster: 1, local: 0 },
    ],
    [
      'local one terminates, remote one is ready',
      { ...nodePort, externalTrafficPolicy: 'Local' },
      [{ ...local, conditions: terminating }, remote],
      { internal: 'cluster', external: 'local', cluster: 1, local: 1, reachable: 2 },
    ],
    ['not ready', {}, [{ ...local, conditions: { ready: false } }], { internal: 'reject', cluster: 0 }],
  ] as const)('%s', (_name, spec, endpoints, want) => {
    const svc = service('svc1', { clusterIP: '172.30.0.1', ...(spec as object) })
    const port = rules([svc], [slice('svc1', [...endpoints])], node, config).servicePorts[0]
    expect({
      internal: port?.internal,
      external: port?.external,
      cluster: port?.clusterEndpoints.length,
      local: port?.localEndpoints.length,
      reachable: port?.reachableEndpoints.length,
    }).toMatchObject(want)
  })

  it('ignores hints when an endpoint has none', () => {
    const hinted = slice('svc1', [{ ...local, hints: { forZones: [{ name: 'zone-a' }] } }, remote])
    const port = rules([service('svc1', { clusterIP: '172.30.0.1' })], [hinted], node, config).servicePorts[0]
    expect(port?.clusterEndpoints.map(endpointText)).toEqual(['10.0.0.1:80', '10.0.1.1:80'])
  })

  it('counts an endpoint that stands in two slices once', () => {
    const slices = [slice('svc1', [{ ...local, conditions: { ready: false } }]), slice('svc1', [local])]
    const port = rules([service('svc1', { clusterIP: '172.30.0.1' })], slices, node, config).servicePorts[0]
    expect(port?.clusterEndpoints.map(endpointText)).toEqual(['10.0.0.1:80'])
  })
})

describe('staleFlows', () => {
  const udp = { name: 'dns', port: 53, protocol: 'UDP' }
  const model = (ips: string[]): Model =>
    rules(
      [service('svc1', { clusterIP: '172.30.0.1', ports: [{ ...udp, nodePort: 30053 }] })],
      [
        slice(
          'svc1',
          ips.map((ip) => ({ ip })),
          udp,
        ),
      ],
      node,
      config,
    )

  it('names the endpoints that are gone', () => {
    expect(staleFlows(model(['10.0.0.1', '10.0.0.2']), model(['10.0.0.2']))).toEqual([
      { ip: '172.30.0.1', port: 53, endpointIP: '10.0.0.1' },
      { ip: undefined, port: 30053, endpointIP: '10.0.0.1' },
    ])
  })

  it('forgets all flows when the first endpoint comes', () => {
    expect(staleFlows(model([]), model(['10.0.0.1']))).toEqual([
      { ip: '172.30.0.1', port: 53, endpointIP: undefined },
      { ip: undefined, port: 30053, endpointIP: undefined },
    ])
  })

  it('has nothing to say about the first model and unchanged ones', () => {
    expect(staleFlows(undefined, model(['10.0.0.1']))).toEqual([])
    expect(staleFlows(model(['10.0.0.1']), model(['10.0.0.1']))).toEqual([])
  })
})

describe('address ranges', () => {
  it.each([
    ['10.1.2.3', '10.0.0.0/8', true],
    ['11.1.2.3', '10.0.0.0/8', false],
    ['192.168.0.127', '192.168.0.0/25', true],
    ['192.168.0.128', '192.168.0.0/25', false],
    ['1.2.3.4', '1.2.3.4', true],
    ['255.255.255.255', '0.0.0.0/0', true],
  ])('%s in %s: %s', (ip, cidr, want) => {
    expect(inCIDR(ip, cidr)).toBe(want)
  })

  it.each([
    ['10.96.3.4/12', '10.96.0.0/12'],
    ['255.1.2.3/32', '255.1.2.3/32'],
    ['10.96.0.0', undefined],
    ['10.96.0.0/33', undefined],
    ['fd00::/8', undefined],
  ])('canonical %s: %s', (cidr, want) => {
    expect(canonicalCIDR(cidr)).toBe(want)
  })
})
