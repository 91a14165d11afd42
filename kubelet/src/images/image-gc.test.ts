import { describe, expect, it } from 'vitest'
import { FakeClock } from '@kubets/shared/machinery/fake-clock.ts'
import { nodeReference } from '../events.ts'
import { ImageGarbageCollector } from './image-gc.ts'

const signal = new AbortController().signal

function collector(
  capacityBytes: number,
  removeImage: (id: string) => Promise<void>,
  maxAgeMs = 0,
  availableBytes = 0,
  inUse: string[] = [],
) {
  const clock = new FakeClock(1000)
  const said: string[] = []
  const images = ['a', 'b', 'c'].map((id) => {
    return { id, size: 10, repoTags: [], repoDigests: [], uid: undefined, username: '' }
  })
  const gc = new ImageGarbageCollector({
    images: { listImages: () => Promise.resolve(images), removeImage },
    inUse: () => Promise.resolve(new Set(inUse)),
    disk: () => Promise.resolve({ capacityBytes, availableBytes }),
    policy: { highPercent: 85, lowPercent: 80, minAgeMs: 0, maxAgeMs },
    recorder: { event: (_about, _type, reason, message) => said.push(`${reason}: ${message}`) },
    node: nodeReference('n'),
    clock,
    collected: (reason) => said.push(reason),
  })
  return { gc, said, clock }
}

describe('ImageGarbageCollector', () => {
  it('removes as many as are needed', async () => {
    const removed: string[] = []
    const { gc, said } = collector(100, (id) => Promise.resolve(void removed.push(id)))
    await gc.collect(signal)
    expect(removed).toEqual(['a', 'b'])
    expect(said).toEqual(['space', 'space'])
  })

  it('goes on when one cannot be removed, and fails in the end', async () => {
    const { gc, said } = collector(100, (id) => (id === 'b' ? Promise.reject(new Error('in use')) : Promise.resolve()))
    const why = 'wanted to free 20 bytes, but freed 20 bytes space with errors in image deletion: in use'
    await expect(gc.collect(signal)).rejects.toThrow(why)
    expect(said).toEqual(['space', 'space'])
  })

  it('removes what nobody used for too long, however much room there is', async () => {
    const used = ['a']
    const removed: string[] = []
    const { gc, said, clock } = collector(100, (id) => Promise.resolve(void removed.push(id)), 10_000, 90, used)
    await gc.collect(signal)
    await clock.advance(10_000)
    clock.set(3_600_000)
    await gc.collect(signal)
    expect(removed).toEqual([])
    await clock.advance(1)
    await gc.collect(signal)
    expect([removed, said]).toEqual([
      ['b', 'c'],
      ['age', 'age'],
    ])
    used.pop()
    await clock.advance(10_001)
    await gc.collect(signal)
    expect(removed).toContain('a')
    const failing = collector(100, () => Promise.reject(new Error('no')), 1000, 90, ['a', 'b'])
    await failing.clock.advance(1001)
    const why = 'wanted to free images older than 1s, encountered errors in image deletion: no'
    await expect(failing.gc.collect(signal)).rejects.toThrow(new Error(why))
  })

  it('knows no disk without a size', async () => {
    const { gc, said } = collector(0, () => Promise.resolve())
    await expect(gc.collect(signal)).rejects.toThrow('invalid capacity 0 on image filesystem')
    expect(said).toEqual(['InvalidDiskCapacity: invalid capacity 0 on image filesystem'])
  })
})
