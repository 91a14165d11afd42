import type { IPAddress, ServiceCIDR } from '@kubets/shared/api/types/networking-v1.ts'
import { describe, expect, it } from 'vitest'
import { plan, readyCondition } from './plan.ts'

const deleted = '2026-01-01T00:00:00Z'
const then = Date.parse(deleted)

function cidr(name: string, cidrs: string[], going = false): ServiceCIDR {
  const metadata = going ? { name, deletionTimestamp: deleted } : { name }
  return { apiVersion: 'networking.k8s.io/v1', kind: 'ServiceCIDR', metadata, spec: { cidrs } }
}

function address(name: string): IPAddress {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'IPAddress',
    metadata: { name },
    spec: { parentRef: { resource: 'services', name: 'a' } },
  }
}

describe('plan', () => {
  const going = cidr('b', ['10.1.0.0/24', 'fd00::/112'], true)

  it('keeps what stays', () => {
    expect(plan(cidr('a', ['10.0.0.0/24']), [], [], then)).toEqual({ type: 'keep' })
  })

  it('holds back one whose addresses are in use and nowhere else', () => {
    const blocked = { type: 'block', condition: { status: 'False', reason: 'Terminating' } }
    expect(plan(going, [going], [address('10.1.0.7')], then)).toMatchObject(blocked)
    expect(plan(going, [going], [address('fd00::7')], then)).toMatchObject(blocked)
    expect(plan(going, [going], [address('10.2.0.7')], then + 60_000)).toEqual({ type: 'release' })
    const around = cidr('c', ['10.1.0.0/28'])
    expect(plan(going, [going, around], [address('10.1.0.7')], then + 60_000)).toEqual({ type: 'release' })
    expect(plan(going, [going, around], [address('10.1.0.77')], then)).toMatchObject(blocked)
  })

  it('lets one go that others cover', () => {
    const wide = cidr('c', ['10.0.0.0/8', 'fd00::/64'])
    expect(plan(going, [going, wide], [address('10.1.0.7')], then + 10_000)).toEqual({ type: 'release' })
  })

  const v4 = cidr('b', ['10.1.0.0/24'], true)
  const at = '10.1.0.7'
  type Case = [what: string, of: ServiceCIDR, others: ServiceCIDR[], addresses: string[], want: 'block' | 'release']
  it.each<Case>([
    ['nothing is in use', v4, [], [], 'release'],
    ['an address of it is in use', v4, [], [at], 'block'],
    ['its network address is in use, which nobody is given', v4, [], ['10.1.0.0'], 'release'],
    ['its broadcast address is in use', v4, [], ['10.1.0.255'], 'release'],
    ['the last of its IPv6 addresses is in use', going, [], ['fd00::ffff'], 'block'],
    ['the next address is in use', v4, [], ['10.1.1.0'], 'release'],
    ['an address of the other family is in use', v4, [], ['fd00::7'], 'release'],
    ['another has the same range', v4, [cidr('c', ['10.1.0.0/24'])], [at], 'release'],
    ['another that goes has the same range', v4, [cidr('c', ['10.1.0.0/24'], true)], [at], 'release'],
    ['another has a wider range', v4, [cidr('c', ['10.0.0.0/8'])], [at], 'release'],
    ['another has half of it, with the address', v4, [cidr('c', ['10.1.0.0/25'])], [at], 'release'],
    ['another has half of it, without', v4, [cidr('c', ['10.1.0.128/25'])], [at], 'block'],
    [
      'two others have half of it each',
      v4,
      [cidr('c', ['10.1.0.0/25']), cidr('d', ['10.1.0.128/25'])],
      [at, '10.1.0.200'],
      'release',
    ],
    ['another has one of its two ranges', going, [cidr('c', ['10.1.0.0/24'])], ['fd00::7'], 'block'],
    ['another has the one of its ranges that is in use', going, [cidr('c', ['10.1.0.0/24'])], [at], 'release'],
    [
      'two others have a range each',
      going,
      [cidr('c', ['10.1.0.0/16']), cidr('d', ['fd00::/64'])],
      [at, 'fd00::7'],
      'release',
    ],
    ['what is in use has no address for a name', v4, [], ['nonsense'], 'release'],
  ])('of one that goes while %s', (_, of, others, addresses, want) => {
    expect(plan(of, [of, ...others], addresses.map(address), then + 60_000).type).toBe(want)
  })

  it('says what holds it', () => {
    expect(plan(v4, [v4], [address(at)], then + 60_000)).toEqual({
      type: 'block',
      condition: {
        status: 'False',
        reason: 'Terminating',
        message:
          'There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR',
      },
    })
    expect(readyCondition).toEqual({ status: 'True', reason: '', message: 'Kubernetes Service CIDR is ready' })
  })

  it.each([
    [0, { type: 'wait', ms: 10_000 }],
    [9999, { type: 'wait', ms: 1 }],
    [10_000, { type: 'release' }],
  ])('%i ms after it was told to go', (ms, want) => expect(plan(v4, [v4], [], then + ms)).toEqual(want))

  it('waits until the apiservers know', () => {
    expect(plan(going, [going], [], then + 4000)).toEqual({ type: 'wait', ms: 6000 })
  })
})
