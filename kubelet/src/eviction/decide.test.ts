import { describe, expect, it } from 'vitest'
import { quantityOf } from '@kubets/shared/machinery/quantity.ts'
import { t0 } from '../pods/fixtures.ts'
import { calm, decide, graceSecondsOf, type EvictionState } from './decide.ts'
import type { Observations } from './observations.ts'
import type { Signal, Threshold } from './thresholds.ts'

const threshold = (signal: Signal, graceMs = 0, minReclaim?: number): Threshold => ({
  signal,
  graceMs,
  value: { quantity: quantityOf(100) },
  minReclaim: minReclaim === undefined ? undefined : { quantity: quantityOf(minReclaim) },
})
const hardDisk = threshold('nodefs.available', 0, 50)
const softMemory = threshold('memory.available', 60_000)
const hardMemory = threshold('allocatableMemory.available')
const transitionMs = 300_000

const seen = (left: Partial<Record<Signal, number>>): Observations => {
  const all = Object.entries(left) as [Signal, number][]
  return new Map(all.map(([signal, available]) => [signal, { available: quantityOf(available), capacity: 1000 }]))
}

/** Looks at these times, in seconds, and what is said each time. */
function look(...looks: [number, Partial<Record<Signal, number>>][]) {
  let state: EvictionState = calm
  return looks.map(([seconds, left]) => {
    const now = t0 + seconds * 1000
    const found = decide([hardDisk, softMemory, hardMemory], seen(left), state, transitionMs, now)
    state = found.state
    return `${found.conditions.join(' ')}: ${found.act.map(({ signal }) => signal).join(' ')}`
  })
}

describe('decide', () => {
  it('is calm while there is enough', () => {
    expect(look([0, { 'nodefs.available': 100, 'memory.available': 100 }])).toEqual([': '])
  })

  it('acts at once for a hard threshold, until the minimum is back', () => {
    const disk = (left: number) => ({ 'nodefs.available': left })
    expect(look([0, disk(99)], [10, disk(120)], [20, disk(150)], [310, disk(150)], [320, disk(120)])).toEqual([
      'DiskPressure: nodefs.available',
      'DiskPressure: nodefs.available',
      'DiskPressure: ',
      // the condition outlasts its reason
      ': ',
      ': ',
    ])
  })

  it('acts for a soft threshold when it has lasted', () => {
    const memory = (left: number) => ({ 'memory.available': left })
    expect(look([0, memory(99)], [59, memory(99)], [60, memory(99)])).toEqual([
      'MemoryPressure: ',
      'MemoryPressure: ',
      'MemoryPressure: memory.available',
    ])
    expect(look([0, memory(99)], [30, memory(100)], [60, memory(99)], [90, memory(99)])[3]).toBe('MemoryPressure: ')
  })

  it('looks after memory first', () => {
    expect(look([0, { 'nodefs.available': 1, 'allocatableMemory.available': 1 }])).toEqual([
      'DiskPressure MemoryPressure: allocatableMemory.available nodefs.available',
    ])
  })
})

describe('graceSecondsOf', () => {
  it.each([
    ['a hard threshold', hardMemory, 60, 1],
    ['a soft threshold', softMemory, 60, 60],
    ['a soft threshold that leaves nothing', softMemory, 0, 1],
    ['a soft threshold that leaves less than nothing', softMemory, -1, 1],
  ])('%s', (_, given, maxPodGraceSeconds, expected) => {
    expect(graceSecondsOf(given, maxPodGraceSeconds)).toBe(expected)
  })
})
