import { describe, expect, it } from 'vitest'
import type { Node } from '@kubets/shared/api/types/core-v1.ts'
import { cidrSpace, plan } from './plan.ts'

const node = (cidr?: string): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'a' },
  spec: cidr ? { podCIDR: cidr, podCIDRs: [cidr] } : {},
})

describe('plan', () => {
  const space = cidrSpace('10.244.0.0/16', 24)
  const cases: { name: string; nodes: Node[]; handedOut: string[]; want: string | undefined }[] = [
    { name: 'starts at the beginning', nodes: [node()], handedOut: [], want: '10.244.0.0/24' },
    {
      name: 'takes the first gap',
      nodes: [node('10.244.0.0/24'), node('10.244.2.0/24')],
      handedOut: [],
      want: '10.244.1.0/24',
    },
    { name: 'counts what it just gave', nodes: [node()], handedOut: ['10.244.0.0/24'], want: '10.244.1.0/24' },
    { name: 'steps over a wider range', nodes: [node('10.244.0.0/22')], handedOut: [], want: '10.244.4.0/24' },
    { name: 'ignores ranges elsewhere', nodes: [node('192.168.0.0/24')], handedOut: [], want: '10.244.0.0/24' },
  ]
  for (const { name, nodes, handedOut, want } of cases)
    it(name, () => expect(plan(space, nodes, handedOut).next).toBe(want))

  it('ends when all are taken', () => {
    const small = cidrSpace('10.244.0.0/23', 24)
    expect(plan(small, [node('10.244.0.0/24'), node('10.244.1.0/24')], []).next).toBeUndefined()
  })
})

describe('cidrSpace', () => {
  it('refuses what makes no sense', () => {
    expect(() => cidrSpace('10.244.0.0', 24)).toThrow('not an IPv4 range')
    expect(() => cidrSpace('10.244.0.0/16', 8)).toThrow('must be between')
    expect(() => cidrSpace('10.0.0.0/8', 28)).toThrow('at most 16 bits')
  })

  it('cuts off the bits behind the mask', () => {
    expect(plan(cidrSpace('10.244.77.1/16', 24), [], []).next).toBe('10.244.0.0/24')
  })
})
