import { describe, expect, it } from 'vitest'
import { nextRetry, planPlugins, type KnownSocket, type PluginPlan } from './plan.ts'

const nothing: PluginPlan = { register: [], unregister: [], forget: [], wakeAt: undefined }
const failed = (at: number): KnownSocket => ({ identity: '1', registered: false, retry: { at, afterMs: 500 } })
const taken: KnownSocket = { identity: '1', registered: true }

describe('planPlugins', () => {
  it.each<[string, Record<string, string>, Record<string, KnownSocket>, string[], Partial<PluginPlan>]>([
    ['takes a new socket', { a: '1' }, {}, [], { register: ['a'] }],
    ['leaves one that it has', { a: '1' }, { a: taken }, [], {}],
    ['lets one go that is gone', {}, { a: taken }, [], { unregister: ['a'] }],
    ['lets one go that was replaced, before it takes the other', { a: '2' }, { a: taken }, [], { unregister: ['a'] }],
    ['waits before it tries again', { a: '1' }, { a: failed(1500) }, [], { wakeAt: 1500 }],
    ['tries again', { a: '1' }, { a: failed(1000) }, [], { register: ['a'] }],
    ['does not wait for another one of the name', { a: '2' }, { a: failed(9000) }, [], { register: ['a'] }],
    ['forgets one that nobody took', {}, { a: failed(9000) }, [], { forget: ['a'] }],
    ['does one thing at a time', { a: '2', b: '1' }, { a: taken, c: taken }, ['a', 'b', 'c'], {}],
    ['wakes for the first', { a: '1', b: '1' }, { a: failed(1500), b: failed(1400) }, [], { wakeAt: 1400 }],
  ])('%s', (_, found, known, busy, expected) => {
    const plan = planPlugins(new Map(Object.entries(found)), new Map(Object.entries(known)), new Set(busy), 1000)
    expect(plan).toEqual({ ...nothing, ...expected })
  })

  it('waits twice as long each time, up to two minutes', () => {
    let retry = nextRetry(undefined, 0)
    const waits = [retry.afterMs]
    for (let i = 0; i < 9; i++) waits.push((retry = nextRetry(retry.afterMs, 0)).afterMs)
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 32_000, 64_000, 122_000, 122_000])
  })
})
