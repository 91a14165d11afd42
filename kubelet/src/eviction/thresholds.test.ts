import { describe, expect, it } from 'vitest'
import { crossed, type Observations } from './observations.ts'
import { amountOf, evictionReservation, parseThresholds, readPairs, type ThresholdTexts } from './thresholds.ts'
import { quantityOf } from '@kubets/shared/machinery/quantity.ts'

const texts = (more: Partial<ThresholdTexts>): ThresholdTexts => {
  return { hard: {}, soft: {}, softGracePeriod: {}, minimumReclaim: {}, ...more }
}

describe('parseThresholds', () => {
  it('reads what the flags say', () => {
    const found = parseThresholds(
      texts({
        hard: { 'memory.available': '100Mi', 'nodefs.available': '10%', 'nodefs.inodesFree': '0%' },
        soft: { 'memory.available': '1Gi' },
        softGracePeriod: { 'memory.available': '1m30s' },
        minimumReclaim: { 'nodefs.available': '5%' },
      }),
    )
    const shown = found.map(({ signal, value, graceMs, minReclaim }) => {
      return [signal, String(amountOf(value, 2000)), graceMs, minReclaim && String(amountOf(minReclaim, 2000))]
    })
    expect(shown).toEqual([
      ['memory.available', '100Mi', 0, undefined],
      ['nodefs.available', '200', 0, '100'],
      ['memory.available', '1Gi', 90_000, undefined],
      // what Pods together may have is watched like all there is
      ['allocatableMemory.available', '100Mi', 0, undefined],
    ])
  })

  it.each<[Partial<ThresholdTexts>, string]>([
    [{ hard: { 'cpu.available': '1' } }, 'unsupported eviction signal cpu.available'],
    [{ hard: { __proto__x: '1' } }, 'unsupported eviction signal __proto__x'],
    [{ hard: { 'memory.available': '101%' } }, 'eviction percentage threshold memory.available must be <= 100%: 101%'],
    [{ hard: { 'memory.available': '-1%' } }, 'eviction percentage threshold memory.available must be >= 0%: -1%'],
    [{ hard: { 'memory.available': '0' } }, 'eviction threshold memory.available must be positive: 0'],
    [{ hard: { 'memory.available': 'much' } }, 'quantities must match the regular expression'],
    [
      { soft: { 'memory.available': '1Gi' } },
      'grace period must be specified for the soft eviction threshold memory.available',
    ],
    [{ softGracePeriod: { 'memory.available': 'x' } }, 'must be a duration'],
    [
      { minimumReclaim: { 'nodefs.available': '0%' } },
      'eviction percentage minimum reclaim nodefs.available must be positive: 0%',
    ],
    [
      { minimumReclaim: { 'nodefs.available': '-1' } },
      'negative eviction minimum reclaim specified for nodefs.available',
    ],
  ])('refuses %j', (wrong, message) => {
    expect(() => parseThresholds(texts(wrong))).toThrow(message)
  })

  it('ignores a place for containers alone', () => {
    expect(parseThresholds(texts({ hard: { 'containerfs.available': '10%' } }))).toEqual([])
  })
})

describe('readPairs', () => {
  it('reads and refuses', () => {
    expect(readPairs(['memory.available<1Gi', 'nodefs.available< 10%'], '<')).toEqual({
      'memory.available': '1Gi',
      'nodefs.available': '10%',
    })
    expect(() => readPairs(['memory.available=1Gi'], '<')).toThrow('malformed pair, expect string<string')
  })
})

describe('amountOf', () => {
  it('counts shares in single precision, as upstream shows them', () => {
    const [threshold] = parseThresholds(texts({ hard: { 'nodefs.available': '10%' } }))
    // seen in a message of upstream's
    expect(threshold && String(amountOf(threshold.value, 97_828_376_576))).toBe('9782837803')
  })
})

describe('crossed', () => {
  const seen: Observations = new Map([
    ['memory.available', { available: quantityOf(99, 'BinarySI'), capacity: 1000 }],
    ['nodefs.available', { available: quantityOf(105, 'BinarySI'), capacity: 1000 }],
  ])
  const thresholds = parseThresholds(
    texts({
      hard: { 'memory.available': '10%', 'nodefs.available': '10%', 'pid.available': '10%' },
      minimumReclaim: { 'nodefs.available': '10' },
    }),
  )
  it.each([
    [false, ['memory.available']],
    [true, ['memory.available', 'nodefs.available']],
  ])('with the minimum that has to come back: %s', (reclaim, expected) => {
    expect(crossed(thresholds, seen, { reclaim }).map(({ signal }) => signal)).toEqual(expected)
  })
})

describe('evictionReservation', () => {
  it('is what hard thresholds keep', () => {
    const soft = { 'nodefs.available': '50%' }
    const thresholds = parseThresholds(
      texts({
        hard: { 'memory.available': '100Mi', 'nodefs.available': '25%', 'nodefs.inodesFree': '5%' },
        soft,
        softGracePeriod: { 'nodefs.available': '1m' },
      }),
    )
    const capacity = { memory: '1Gi', 'ephemeral-storage': '100Ki' }
    expect(evictionReservation(thresholds, capacity)).toEqual({ memory: '100Mi', 'ephemeral-storage': '25Ki' })
  })
})
