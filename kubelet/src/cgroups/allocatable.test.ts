import { describe, expect, it } from 'vitest'
import { allocatableOf, checkReservation, nothingReserved, podsShare, type Reservation } from './allocatable.ts'

const capacity = { cpu: '2', memory: '1048576Ki', 'ephemeral-storage': '10Gi', 'hugepages-2Mi': '0', pods: '110' }
const reservation: Reservation = {
  kube: { cpu: '200m', memory: '100Mi', pid: '10' },
  system: { cpu: '300m', 'ephemeral-storage': '1Gi' },
  eviction: { memory: '24Mi' },
}

describe('allocatableOf', () => {
  it('leaves out what is kept', () => {
    expect(allocatableOf(capacity, reservation)).toEqual({
      ...capacity,
      cpu: '1500m',
      memory: '900Mi',
      'ephemeral-storage': '9Gi',
    })
    expect(allocatableOf(capacity, nothingReserved)).toEqual(capacity)
  })

  it('leaves out huge pages, and is never less than nothing', () => {
    expect(allocatableOf({ ...capacity, 'hugepages-2Mi': '24Mi' }, nothingReserved)).toMatchObject({
      memory: '1000Mi',
      'hugepages-2Mi': '24Mi',
    })
    const much = { ...nothingReserved, kube: { memory: '2Gi' } }
    expect(allocatableOf(capacity, much)).toMatchObject({ memory: '0' })
  })
})

describe('podsShare', () => {
  it('is what may be used before Pods are evicted', () => {
    const share = podsShare({ ...capacity, pid: '1000' }, reservation)
    expect(['cpu', 'memory', 'pid'].map((name) => share.get(name)?.toString())).toEqual(['1500m', '924Mi', '990'])
  })
})

describe('checkReservation', () => {
  it('refuses to keep more than there is', () => {
    expect(() => checkReservation(capacity, reservation)).not.toThrow()
    expect(() => checkReservation(capacity, { ...reservation, system: { cpu: '1900m' } })).toThrow(
      'invalid Node Allocatable configuration. Resource "cpu" has a reservation of 2100m but capacity of 2. Expected capacity >= reservation.',
    )
  })
})
