import { silentLogger } from '@kubets/shared/machinery/logger.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import { realClock } from '@kubets/shared/process/clock.ts'
import { startEtcd } from '@kubets/shared/testing/etcd.ts'
import { waitFor } from '@kubets/shared/testing/wait.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { compactOnce } from './compactor.ts'
import { CompactedError } from './etcd-errors.ts'
import { Etcd } from './etcd.ts'
import { openLine } from './line.testing.ts'
import { Storage, type CommitResult } from './storage.ts'
import type { Resource, Watch } from './types.ts'

const all = { start: '', end: '', matches: () => true }

function object(name: string, data = ''): KubeObject {
  return { apiVersion: 'v1', kind: 'Thing', metadata: { name, namespace: 'default' }, data } as KubeObject
}

let etcd: Awaited<ReturnType<typeof startEtcd>>
const stop = new AbortController()
const running: Promise<void>[] = []

function open(endpoint = etcd.endpoint): Storage {
  const storage = new Storage({ endpoints: [endpoint], prefix: '/test', clock: realClock, log: silentLogger })
  running.push(storage.run(stop.signal))
  return storage
}

beforeAll(async () => {
  etcd = await startEtcd()
})

afterAll(async () => {
  stop.abort()
  await Promise.all(running)
  await etcd.stop()
})

function write(
  storage: Storage,
  resource: Resource,
  name: string,
  expectRevision = 0,
  data = '',
): Promise<CommitResult> {
  return storage.commit([{ resource, key: `default/${name}`, object: object(name, data), expect: expectRevision }])
}

/** Collects what a watch brings, in the background. */
function collect(watch: Watch): string[] {
  const seen: string[] = []
  void (async () => {
    for await (const batch of watch)
      for (const { type, encoded } of batch)
        seen.push(`${type} ${encoded.object.metadata.name ?? ''} ${encoded.resourceVersion}`)
  })()
  return seen
}

describe('storage on a real etcd', () => {
  it('reads what was written, from another instance too', async () => {
    const resource = { group: 'crud', plural: 'things' }
    const [one, other] = [open(), open()]
    for (let round = 0; round < 20; round++) {
      const written = await write(one, resource, `a${String(round)}`)
      if (!written.committed) throw new Error('not written')
      await other.cache.fresh()
      const read = other.resource(resource).get(`default/a${String(round)}`)
      expect(read?.resourceVersion).toBe(written.encoded[0]?.resourceVersion)
      expect(JSON.parse(read?.json.toString() ?? '')).toEqual(read?.object)
    }
  })

  it('refuses a write on a revision that is not there any more, and says what is', async () => {
    const resource = { group: 'conflict', plural: 'things' }
    const storage = open()
    const first = await write(storage, resource, 'a')
    const second = await write(storage, resource, 'a', 0, 'mine')
    expect(first.committed).toBe(true)
    expect(second.committed).toBe(false)
    if (second.committed || !first.committed) return
    expect(second.current[0]?.resourceVersion).toBe(first.encoded[0]?.resourceVersion)
  })

  it('writes all of a transaction or nothing', async () => {
    const resource = { group: 'txn', plural: 'things' }
    const storage = open()
    await write(storage, resource, 'taken')
    const result = await storage.commit([
      { resource, key: 'default/free', object: object('free'), expect: 0 },
      { resource, key: 'default/taken', object: object('taken'), expect: 0 },
    ])
    expect(result.committed).toBe(false)
    await storage.cache.fresh()
    expect([...storage.resource(resource).under()].map(({ object: { metadata } }) => metadata.name)).toEqual(['taken'])
  })

  it.each([
    ['than etcd takes', 1_800_000],
    ['than its gRPC takes', 2_900_000],
  ])('refuses what is larger %s, and goes on', async (_, length) => {
    const resource = { group: 'size', plural: 'things' }
    const storage = open()
    const tooLarge = write(storage, resource, `a${String(length)}`, 0, 'x'.repeat(length))
    const small = write(storage, resource, `b${String(length)}`)
    await expect(tooLarge).rejects.toMatchObject({ code: 413 })
    expect((await small).committed).toBe(true)
  })

  it('answers a consistent read when another program has written to the same etcd', async () => {
    const storage = open()
    const foreign = new Etcd({ endpoints: [etcd.endpoint], clock: realClock })
    await foreign.transact({ compare: [], put: [{ key: '/elsewhere', value: Buffer.from('1') }], remove: [] })
    const revision = await foreign.currentRevision()
    expect(await storage.cache.fresh()).toBeGreaterThanOrEqual(revision)
    foreign.close()
  })

  it('gives etcd its time by the clock that nobody sets', async () => {
    const clock = { ...realClock, now: () => realClock.now() - 3_600_000 }
    const storage = new Storage({ endpoints: [etcd.endpoint], prefix: '/late', clock, log: silentLogger })
    const resource = { group: '', plural: 'things' }
    expect((await write(storage, resource, 'a')).committed).toBe(true)
    expect((await storage.read(resource, 'default/a'))?.object.metadata.name).toBe('a')
    await storage.run(AbortSignal.abort())
  })

  it('loses and repeats no event over a crash of etcd', async () => {
    const resource = { group: 'crash', plural: 'things' }
    const storage = open()
    await write(storage, resource, 'before')
    await storage.cache.fresh()
    const since = storage.cache.revision
    const seen = collect(storage.resource(resource).watch({ ...all, revision: since }, since, realClock.elapsed()))
    const written: string[] = []
    const put = async (name: string): Promise<void> => {
      const result = await write(storage, resource, name)
      if (result.committed) written.push(`ADDED ${name} ${result.encoded[0]?.resourceVersion ?? ''}`)
    }
    for (let i = 0; i < 50; i++) await put(`a${String(i)}`)
    await etcd.kill()
    await expect(put('lost')).rejects.toMatchObject({ code: 503 })
    await expect(storage.cache.fresh()).rejects.toMatchObject({ code: 503 })
    await etcd.restart()
    await waitFor(async () => (await storage.health()) === undefined, 'etcd is back')
    for (let i = 0; i < 50; i++) await put(`b${String(i)}`)
    await storage.cache.fresh()
    await waitFor(() => seen.length >= written.length, 'all events')
    expect(seen).toEqual(written)
  })

  it('says 410 for a watch from before its history', async () => {
    const resource = { group: 'expired', plural: 'things' }
    const writer = open()
    await write(writer, resource, 'a')
    const storage = open()
    await storage.cache.fresh()
    expect(() => storage.resource(resource).watch({ ...all, revision: 1 }, storage.cache.revision, 0)).toThrow(
      /^too old resource version: 1 \(\d+\)$/,
    )
  })

  it('pages through a state that stays the same etcd has forgotten it', async () => {
    const resource = { group: 'pages', plural: 'things' }
    const storage = open()
    for (let i = 0; i < 25; i++) await write(storage, resource, `a${String(i).padStart(2, '0')}`)
    const revision = await storage.cache.fresh()
    await write(storage, resource, 'a05x')
    const names: string[] = []
    let start = ''
    for (let more = true; more;) {
      const page = await storage.pageAt(resource, { ...all, start, limit: 10 }, revision)
      names.push(...page.items.map((item) => item.object.metadata.name ?? ''))
      more = page.last !== undefined
      if (more) expect(page.remaining).toBe(25 - names.length)
      start = `${page.last ?? ''}\0`
    }
    expect(names).toEqual(Array.from({ length: 25 }, (_, i) => `a${String(i).padStart(2, '0')}`))
    const raw = new Etcd({ endpoints: [etcd.endpoint], clock: realClock })
    await raw.compact(await raw.currentRevision())
    await expect(storage.pageAt(resource, { ...all, limit: 10 }, revision)).rejects.toBeInstanceOf(CompactedError)
    raw.close()
  })

  it('starts over when the changes it missed are compacted', async () => {
    const resource = { group: 'compacted', plural: 'things' }
    const direct = open()
    const line = await openLine(Number(new URL(etcd.endpoint).port))
    const storage = open(line.endpoint)
    await write(direct, resource, 'old')
    await storage.cache.fresh()
    const from = storage.cache.revision
    let ended = false
    const watch = storage.resource(resource).watch({ ...all, revision: from }, from, realClock.elapsed())
    watch.onClosed(() => (ended = true))
    await line.cut()
    await write(direct, resource, 'new')
    await write(direct, resource, 'newer')
    const raw = new Etcd({ endpoints: [etcd.endpoint], clock: realClock })
    await raw.compact(await raw.currentRevision())
    raw.close()
    await line.restore()
    await waitFor(() => ended, 'a watch that has a gap ends')
    await waitFor(async () => (await storage.health()) === undefined, 'the line is back')
    await storage.cache.fresh()
    expect([...storage.resource(resource).under()].map((item) => item.object.metadata.name)).toEqual([
      'new',
      'newer',
      'old',
    ])
    await line.cut()
  })

  it('lets one of several compactors have each turn', async () => {
    const raw = new Etcd({ endpoints: [etcd.endpoint], clock: realClock })
    const key = '/compactors/.mark'
    let one = await compactOnce(raw, key, 0)
    const other = await compactOnce(raw, key, 0)
    expect(other).toBe(one)
    await raw.transact({ compare: [], put: [{ key: '/compactors/x', value: Buffer.from('1') }], remove: [] })
    one = await compactOnce(raw, key, one)
    expect(one).toBeGreaterThan(other)
    await expect(raw.range('/compactors/', '/compactors0', { revision: 1 })).rejects.toBeInstanceOf(CompactedError)
    raw.close()
  })

  it('keeps up with thousands of objects and cuts who does not', async () => {
    const resource = { group: 'large', plural: 'things' }
    const storage = open()
    const reader = open()
    await reader.cache.fresh()
    const from = reader.cache.revision
    const slow = reader.resource(resource).watch({ ...all, revision: from }, from, realClock.elapsed())
    let cut = false
    slow.onClosed(() => (cut = true))
    const seen = collect(reader.resource(resource).watch({ ...all, revision: from }, from, realClock.elapsed()))
    const queue = Array.from({ length: 10_500 }, (_, i) => `n${String(i)}`).values()
    await Promise.all(
      Array.from({ length: 32 }, async () => {
        for (const name of queue) await write(storage, resource, name, 0, 'x'.repeat(200))
      }),
    )
    await reader.cache.fresh()
    expect(reader.resource(resource).page({ ...all, limit: 0 }).items).toHaveLength(10_500)
    await waitFor(() => seen.length === 10_500, 'all events')
    expect(cut).toBe(true)
    // a new instance reads them all, in pages
    const late = open()
    await late.cache.fresh()
    expect(late.resource(resource).size).toBe(10_500)
  })
})
