import type { IPAddress, ServiceCIDR } from '@kubets/shared/api/types/networking-v1.ts'
import { describe, expect, it } from 'vitest'
import { plan } from './plan.ts'

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

  it('waits until the apiservers know', () => {
    expect(plan(going, [going], [], then + 4000)).toEqual({ type: 'wait', ms: 6000 })
  })
})
