import { describe, expect, it } from 'vitest'
import { FakeClock } from '@kubets/shared/machinery/fake-clock.ts'
import { nodeReference } from '../events.ts'
import { ImageGarbageCollector } from './image-gc.ts'

const signal = new AbortController().signal

function collector(capacityBytes: number, removeImage: (id: string) => Promise<void>) {
  const said: string[] = []
  const images = ['a', 'b', 'c'].map((id) => {
    return { id, size: 10, repoTags: [], repoDigests: [], uid: undefined, username: '' }
  })
  const gc = new ImageGarbageCollector({
    images: { listImages: () => Promise.resolve(images), removeImage },
    inUse: () => Promise.resolve(new Set()),
    disk: () => Promise.resolve({ capacityBytes, availableBytes: 0 }),
    policy: { highPercent: 85, lowPercent: 80, minAgeMs: 0 },
    recorder: { event: (_about, _type, reason, message) => said.push(`${reason}: ${message}`) },
    node: nodeReference('n'),
    clock: new FakeClock(1000),
    collected: () => undefined,
  })
  return { gc, said }
}

describe('ImageGarbageCollector', () => {
  it('removes as many as are needed', async () => {
    const removed: string[] = []
    const { gc, said } = collector(100, (id) => Promise.resolve(void removed.push(id)))
    await gc.collect(signal)
    expect(removed).toEqual(['a', 'b'])
    expect(said).toEqual([])
  })

  it('goes on when one cannot be removed, and fails in the end', async () => {
    const { gc, said } = collector(100, (id) => (id === 'b' ? Promise.reject(new Error('in use')) : Promise.resolve()))
    const why = 'wanted to free 20 bytes, but freed 20 bytes space with errors in image deletion: in use'
    await expect(gc.collect(signal)).rejects.toThrow(why)
    expect(said).toEqual([])
  })

  it('knows no disk without a size', async () => {
    const { gc, said } = collector(0, () => Promise.resolve())
    await expect(gc.collect(signal)).rejects.toThrow('invalid capacity 0 on image filesystem')
    expect(said).toEqual(['InvalidDiskCapacity: invalid capacity 0 on image filesystem'])
  })
})
