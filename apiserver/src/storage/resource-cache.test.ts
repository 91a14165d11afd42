import { FakeClock } from '@kubets/shared/machinery/fake-clock.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import { describe, expect, it } from 'vitest'
import { encode, watchEvent } from './encoded.ts'
import { ResourceCache } from './resource-cache.ts'
import { Turns } from './turns.ts'
import type { Encoded, Watch } from './types.ts'

const all = { start: '', end: '', matches: () => true }

function thing(name: string, revision: number): Encoded {
  return encode({ apiVersion: 'v1', kind: 'Thing', metadata: { name, resourceVersion: String(revision) } })
}

function cacheOf(...names: string[]): ResourceCache {
  const cache = new ResourceCache(0, new Turns(new FakeClock()))
  names.forEach((name, index) => cache.apply(name, index + 1, 0, thing(name, index + 1)))
  return cache
}

const names = (items: readonly Encoded[]): string[] => items.map((item) => item.object.metadata.name ?? '')

async function drain(watch: Watch): Promise<string[]> {
  const seen: string[] = []
  for await (const batch of watch)
    for (const { type, encoded } of batch) seen.push(`${type} ${encoded.object.metadata.name ?? '-'}`)
  return seen
}

describe('ResourceCache.page', () => {
  const cache = cacheOf('b/2', 'a/1', 'c/1', 'b/1', 'a-b/1')

  it.each([
    ['all, in order of keys', all, ['a-b/1', 'a/1', 'b/1', 'b/2', 'c/1']],
    ['a namespace', { ...all, start: 'a/', end: 'a0' }, ['a/1']],
    ['an empty range', { ...all, start: 'x/', end: 'x0' }, []],
  ])('%s', (_name, range, expected) => {
    expect(names(cache.page({ ...range, limit: 0 }).items)).toEqual(expected)
  })

  it('stops at the limit and says what remains', () => {
    expect(cache.page({ ...all, limit: 2 })).toMatchObject({ last: 'a/1', remaining: 3 })
    expect(cache.page({ ...all, limit: 5 }).last).toBeUndefined()
    const second = cache.page({ ...all, start: 'a/1\0', limit: 2 })
    expect(names(second.items)).toEqual(['b/1', 'b/2'])
  })

  it('looks on until the limit of those that match', () => {
    const page = cache.page({
      ...all,
      limit: 2,
      matches: ({ object }) => object.metadata.name?.startsWith('b') ?? false,
    })
    expect(names(page.items)).toEqual(['b/1', 'b/2'])
  })
})

describe('ResourceCache.watch', () => {
  it('gives the state, then the mark, then the changes', async () => {
    const cache = cacheOf('a', 'b')
    const mark = watchEvent('BOOKMARK', encode({ apiVersion: 'v1', kind: 'Thing', metadata: {} } as KubeObject))
    const watcher = cache.watch({ ...all, afterInitial: () => [mark] }, 2, 0)
    cache.apply('a', 3, 0, undefined)
    watcher.close()
    expect(await drain(watcher)).toEqual(['ADDED a', 'ADDED b', 'BOOKMARK -', 'DELETED a'])
  })

  it('gives the changes since a revision, in its range', async () => {
    const cache = cacheOf('a/1', 'b/1', 'a/2')
    const watcher = cache.watch({ ...all, start: 'a/', end: 'a0', revision: 1 }, 3, 0)
    cache.apply('b/2', 4, 0, thing('b/2', 4))
    cache.apply('a/3', 5, 0, thing('a/3', 5))
    watcher.close()
    expect(await drain(watcher)).toEqual(['ADDED a/2', 'ADDED a/3'])
  })

  it('sends bookmarks once a minute to those who want them', async () => {
    const cache = cacheOf('a')
    const bookmark = () => watchEvent('BOOKMARK', thing('mark', 9))
    const wanting = cache.watch({ ...all, revision: 1, bookmark }, 1, 0)
    const other = cache.watch({ ...all, revision: 1 }, 1, 0)
    for (const time of [59_000, 60_000, 61_000, 120_000]) cache.sendBookmarks(9, time)
    wanting.close()
    other.close()
    expect(await drain(wanting)).toEqual(['BOOKMARK mark', 'BOOKMARK mark'])
    expect(await drain(other)).toEqual([])
  })

  it('ends all watches when the state is replaced, and forgets its history', async () => {
    const cache = cacheOf('a')
    const watcher = cache.watch({ ...all, revision: 1 }, 1, 0)
    cache.replace(new Map([['z', thing('z', 20)]]), 20)
    expect(await drain(watcher)).toEqual([])
    expect(() => cache.watch({ ...all, revision: 19 }, 20, 0)).toThrow('too old resource version: 19 (20)')
    expect(names(cache.page({ ...all, limit: 0 }).items)).toEqual(['z'])
  })
})

describe('ResourceCache.follow', () => {
  it('tells what there is, and each change once, before watchers can know of it', () => {
    const cache = cacheOf('a', 'b')
    const told: string[] = []
    const nameOf = (object: KubeObject | undefined) => object?.metadata.resourceVersion ?? '-'
    cache.follow({
      changed: (before, after) => told.push(`${nameOf(before)} to ${nameOf(after)}`),
      replaced: (objects) => told.push(`all: ${[...objects].map(nameOf).join()}`),
    })
    cache.apply('a', 3, 0, thing('a', 3))
    cache.apply('c', 4, 0, thing('c', 4))
    cache.apply('b', 5, 0, undefined)
    cache.apply('nobody', 6, 0, undefined)
    cache.replace(new Map([['d', thing('d', 7)]]), 8)
    expect(told).toEqual(['all: 1,2', '1 to 3', '- to 4', '2 to -', 'all: 7'])
  })
})
