import { describe, expect, it } from 'vitest'
import type { PodSpec } from '@kubets/shared/api/types/core-v1.ts'
import { container, pod } from '../pods/fixtures.ts'
import { gatewayOf } from './cidr.ts'
import { hostsFile, podHostname } from './names.ts'
import { formatResolvConf, parseResolvConf, podResolvConf } from './resolv-conf.ts'

const host = parseResolvConf('# host\nnameserver 192.0.2.53\nsearch corp.example lan\noptions timeout:1\n')
const dns = { clusterDns: ['10.96.0.10'], clusterDomain: 'cluster.local' }
const cluster = 'search default.svc.cluster.local svc.cluster.local cluster.local corp.example lan'
const ofHost = 'search corp.example lan\nnameserver 192.0.2.53\noptions timeout:1\n'

const cases: [string, Partial<PodSpec>, string][] = [
  ['ClusterFirst', {}, `${cluster}\nnameserver 10.96.0.10\noptions ndots:5\n`],
  ['Default', { dnsPolicy: 'Default' }, ofHost],
  ['ClusterFirst on the host', { hostNetwork: true }, ofHost],
  [
    'ClusterFirstWithHostNet',
    { hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' },
    `${cluster}\nnameserver 10.96.0.10\noptions ndots:5\n`,
  ],
  [
    'None with its own',
    { dnsPolicy: 'None', dnsConfig: { nameservers: ['1.1.1.1'], searches: ['x'], options: [{ name: 'edns0' }] } },
    'search x\nnameserver 1.1.1.1\noptions edns0\n',
  ],
  [
    'own options win',
    { dnsConfig: { options: [{ name: 'ndots', value: '2' }] } },
    `${cluster}\nnameserver 10.96.0.10\noptions ndots:2\n`,
  ],
]

describe('podResolvConf', () => {
  it.each(cases)('%s', (_, spec, expected) => {
    const { conf } = podResolvConf(pod({ containers: [container('a')], ...spec }), host, dns)
    expect(formatResolvConf(conf)).toBe(expected)
  })

  it('falls back to the host without cluster DNS', () => {
    const one = pod({ containers: [container('a')] })
    expect(podResolvConf(one, host, { ...dns, clusterDns: [] })).toEqual({ conf: host, missing: true })
  })
})

describe('names', () => {
  it('come from the Pod', () => {
    const one = pod({ containers: [], hostname: 'h', subdomain: 's' })
    expect(podHostname(one, 'node', 'cluster.local')).toEqual({
      hostname: 'h',
      fqdn: 'h.s.default.svc.cluster.local',
    })
    expect(podHostname(pod({ containers: [], hostNetwork: true }), 'node', 'x').hostname).toBe('node')
  })

  it('may be the whole, as long as the kernel holds it', () => {
    const whole = (hostname: string) => pod({ containers: [], hostname, subdomain: 's', setHostnameAsFQDN: true })
    const fits = 'h'.repeat(64 - '.s.default.svc.cluster.local'.length)
    expect(podHostname(whole(fits), 'node', 'cluster.local').hostname).toBe(`${fits}.s.default.svc.cluster.local`)
    expect(() => podHostname(whole(`${fits}h`), 'node', 'cluster.local')).toThrow(
      'is too long (64 characters is the max, 65 characters requested)',
    )
  })

  it('stand in /etc/hosts', () => {
    const text = hostsFile(['10.0.0.1'], 'h', 'h.s.ns.svc.d', [{ ip: '1.2.3.4', hostnames: ['a', 'b'] }])
    expect(text.split('\n').slice(-5)).toEqual([
      '10.0.0.1\th.s.ns.svc.d\th',
      '',
      '# Entries added by HostAliases.',
      '1.2.3.4\ta\tb',
      '',
    ])
  })
})

describe('gatewayOf', () => {
  it.each([
    ['10.244.0.0/24', '10.244.0.1'],
    ['10.244.3.128/25', '10.244.3.129'],
    ['192.168.255.0/30', '192.168.255.1'],
  ])('%s is %s', (cidr, gateway) => {
    expect(gatewayOf(cidr)).toBe(gateway)
  })

  it('refuses what is no network', () => {
    expect(() => gatewayOf('fd00::/64')).toThrow('not an IPv4 network: fd00::/64')
  })
})
