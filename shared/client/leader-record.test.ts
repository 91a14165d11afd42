import { describe, expect, it } from 'vitest'
import type { Lease, LeaseSpec } from '../api/types/coordination-v1.ts'
import { heldSpec, mayHold, observe, releasedSpec } from './leader-record.ts'

const lease = (spec: LeaseSpec, resourceVersion = '1'): Lease => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: { name: 'x', resourceVersion },
  spec,
})
const held = { holderIdentity: 'b', leaseDurationSeconds: 15, renewTime: '2020-01-01T00:00:00.000000Z' }

describe('mayHold', () => {
  it.each([
    ['nobody holds it', { holderIdentity: '', leaseDurationSeconds: 15 }, 0, true],
    ['it was never held', {}, 0, true],
    ['it is its own', { ...held, holderIdentity: 'a' }, 0, true],
    ["it is another's and fresh", held, 14_999, false],
    ["it is another's and ran out by our own clock", held, 15_000, true],
  ])('when %s', (_, spec, age, expected) => {
    expect(mayHold({ lease: lease(spec), atMs: 1000 }, 'a', 1000 + age)).toBe(expected)
  })
})

describe('observe', () => {
  it('counts age from the last change, whatever time the holder wrote', () => {
    const first = observe(undefined, lease(held), 100)
    expect(observe(first, lease({ ...held }, '2'), 200).atMs).toBe(100)
    expect(observe(first, lease({ ...held, renewTime: '2020-01-01T00:00:02.000000Z' }), 200).atMs).toBe(200)
  })
})

describe('the spec', () => {
  const now = Date.UTC(2026, 0, 1)
  const time = '2026-01-01T00:00:00.000000Z'
  it('of the first holder', () => {
    expect(heldSpec(undefined, 'a', 15_000, now)).toEqual({
      holderIdentity: 'a',
      leaseDurationSeconds: 15,
      acquireTime: time,
      renewTime: time,
      leaseTransitions: 0,
    })
  })

  it('keeps the time of acquisition while renewed, and counts changes of holder', () => {
    const old = { holderIdentity: 'a', acquireTime: 'then', leaseTransitions: 3, strategy: 'kept' }
    expect(heldSpec(old, 'a', 15_000, now)).toMatchObject({
      acquireTime: 'then',
      leaseTransitions: 3,
      strategy: 'kept',
    })
    expect(heldSpec(old, 'b', 15_000, now)).toMatchObject({ acquireTime: time, leaseTransitions: 4 })
  })

  it('of nobody', () => {
    expect(releasedSpec({ holderIdentity: 'a', leaseDurationSeconds: 15, leaseTransitions: 2 }, now)).toEqual({
      holderIdentity: '',
      leaseDurationSeconds: 1,
      acquireTime: time,
      renewTime: time,
      leaseTransitions: 2,
    })
  })
})
