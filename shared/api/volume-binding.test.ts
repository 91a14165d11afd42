import { describe, expect, it } from 'vitest'
import type { PersistentVolume, PersistentVolumeClaim } from './types/core-v1.ts'
import { findVolume, isBoundTo, mismatch } from './volume-binding.ts'

const volume = (name: string, storage: string, spec: Partial<PersistentVolume['spec']> = {}): PersistentVolume => ({
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name, labels: { name } },
  spec: { capacity: { storage }, accessModes: ['ReadWriteOnce'], ...spec },
})
const claim = (spec: Partial<PersistentVolumeClaim['spec']> = {}): PersistentVolumeClaim => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'c', namespace: 'n', uid: 'u' },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '2Gi' } }, ...spec },
})
const claimRef = { namespace: 'n', name: 'c' }

describe('findVolume', () => {
  const small = volume('small', '1Gi')
  const fit = volume('fit', '2Gi')
  const large = volume('large', '10Gi')
  it.each<[string, PersistentVolumeClaim, PersistentVolume[], string | undefined]>([
    ['the smallest that is large enough', claim(), [large, small, fit], 'fit'],
    ['none that is too small', claim(), [small], undefined],
    [
      'what already points at the claim, even if it is larger',
      claim(),
      [fit, volume('mine', '9Gi', { claimRef })],
      'mine',
    ],
    ['not what points at it and is too small', claim(), [volume('mine', '1Gi', { claimRef }), fit], 'fit'],
    [
      'not what points at another of that name',
      claim(),
      [volume('old', '2Gi', { claimRef: { ...claimRef, uid: 'v' } })],
      undefined,
    ],
    [
      'not what another claim has',
      claim(),
      [volume('x', '2Gi', { claimRef: { namespace: 'n', name: 'd' } })],
      undefined,
    ],
    [
      'only of its class',
      claim({ storageClassName: 'fast' }),
      [fit, volume('f', '5Gi', { storageClassName: 'fast' })],
      'f',
    ],
    ['only of its mode', claim({ volumeMode: 'Block' }), [fit, volume('b', '5Gi', { volumeMode: 'Block' })], 'b'],
    ['only of its attributes', claim({ volumeAttributesClassName: 'a' }), [fit], undefined],
    ['only what its selector selects', claim({ selector: { matchLabels: { name: 'large' } } }), [fit, large], 'large'],
    ['only what has its access modes', claim({ accessModes: ['ReadWriteMany'] }), [fit], undefined],
    [
      'the one with the fewest access modes before the smallest',
      claim(),
      [volume('many', '2Gi', { accessModes: ['ReadWriteOnce', 'ReadOnlyMany'] }), large],
      'large',
    ],
    [
      'none that is being deleted',
      claim(),
      [{ ...fit, metadata: { name: 'fit', deletionTimestamp: 'now' } }],
      undefined,
    ],
  ])('takes %s', (_, wanted, volumes, name) => {
    expect(findVolume(wanted, volumes, { onlyBound: false })?.metadata.name).toBe(name)
  })

  it('leaves the choice to the scheduler, but for what points at the claim', () => {
    expect(findVolume(claim(), [fit], { onlyBound: true })).toBe(undefined)
    const mine = volume('mine', '2Gi', { claimRef })
    expect(findVolume(claim(), [fit, mine], { onlyBound: true })).toBe(mine)
  })

  it('takes nothing that is spoken for, or cannot be reached', () => {
    const reachable = (one: PersistentVolume): boolean => one !== fit
    expect(findVolume(claim(), [fit, large], { onlyBound: false, reachable })).toBe(large)
    expect(findVolume(claim(), [fit, large], { onlyBound: false, taken: new Set(['fit']) })).toBe(large)
    const mine = volume('mine', '2Gi', { claimRef })
    // a claim that has its volume gets no other because that is elsewhere
    expect(findVolume(claim(), [large, mine], { onlyBound: false, reachable: (one) => one !== mine })).toBe(undefined)
  })
})

it.each<[string, Partial<PersistentVolume['spec']>, Partial<PersistentVolumeClaim['spec']>, string | undefined]>([
  ['the same', {}, {}, undefined],
  ['less', { capacity: { storage: '1Gi' } }, {}, 'requested PV is too small'],
  ['another class', { storageClassName: 'a' }, {}, 'storageClassName does not match'],
  ['another mode', { volumeMode: 'Block' }, {}, 'incompatible volumeMode'],
  ['other access', {}, { accessModes: ['ReadOnlyMany'] }, 'incompatible accessMode'],
])('a named volume with %s', (_, ofVolume, ofClaim, why) => {
  expect(mismatch(volume('v', '2Gi', ofVolume), claim(ofClaim))).toBe(why)
})

it('a volume points at a claim by name, and by uid where it has one', () => {
  const pointing = (ref: object): boolean => isBoundTo(volume('v', '1Gi', { claimRef: ref }), claim())
  expect([pointing(claimRef), pointing({ ...claimRef, uid: 'u' }), pointing({ ...claimRef, uid: 'v' })]).toEqual([
    true,
    true,
    false,
  ])
  expect(isBoundTo(volume('v', '1Gi'), claim())).toBe(false)
})
