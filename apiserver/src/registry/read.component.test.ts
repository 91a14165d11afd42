import type { Clock } from '@kubets/shared/machinery/clock.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import { silentLogger } from '@kubets/shared/machinery/logger.ts'
import { realClock } from '@kubets/shared/process/clock.ts'
import { startEtcd } from '@kubets/shared/testing/etcd.ts'
import { waitFor } from '@kubets/shared/testing/wait.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openLine } from '../storage/line.testing.ts'
import { Storage } from '../storage/storage.ts'
import { map, maps } from './component-harness.ts'
import { get, list } from './read.ts'
import { keyOf, resourceOf } from './stored.ts'

/** Waits for the cache, of three seconds at most, are short, and nobody tries to follow etcd a second time. */
const clock: Clock = {
  ...realClock,
  timer: (ms, fn) => realClock.timer(ms > 3000 ? ms : ms / 20, fn),
  sleep: (ms, signal) =>
    ms === 0 ? realClock.sleep(0) : new Promise((resolve) => signal?.addEventListener('abort', () => resolve())),
}
const stop = new AbortController()
let etcd: Awaited<ReturnType<typeof startEtcd>>
let line: Awaited<ReturnType<typeof openLine>>
let storage: Storage
let running: Promise<void>

const write = async (name: string): Promise<void> => {
  const { kind, ...scope } = maps('x')
  const object: KubeObject = map(name, { namespace: 'x' })
  const key = keyOf({ kind, ...scope }, name)
  expect(await storage.commit([{ resource: resourceOf(kind), key, object, expect: 0 }])).toMatchObject({
    committed: true,
  })
}

beforeAll(async () => {
  etcd = await startEtcd()
  line = await openLine(Number(new URL(etcd.endpoint).port))
  storage = new Storage({ endpoints: [line.endpoint], prefix: '/registry', clock, log: silentLogger })
  running = storage.run(stop.signal)
  await write('a')
  await storage.cache.fresh()
})

afterAll(async () => {
  stop.abort()
  await running
  await line.cut()
  await etcd.stop()
})

describe('when etcd is not followed any more', () => {
  const names = async (options: Parameters<typeof list>[2]): Promise<(string | undefined)[]> =>
    (await list(storage, maps('x'), options)).items.map(({ object }) => object.metadata.name)

  it('what was written last is read from etcd', async () => {
    await line.cut()
    await line.restore()
    await waitFor(() => storage.currentRevision().catch(() => undefined), 'etcd can be reached again')
    for (const name of ['b', 'c']) await write(name)
    expect((await get(storage, maps('x'), 'c')).object.metadata.name).toBe('c')
    await expect(get(storage, maps('x'), 'd')).rejects.toMatchObject({ code: 404 })
    expect(await names({})).toEqual(['a', 'b', 'c'])
    const page = await list(storage, maps('x'), { limit: 2 })
    expect(await names({ limit: 2, continue: page.continue ?? '' })).toEqual(['c'])
  })

  it('a revision that is asked for is waited for, and then refused', async () => {
    expect(await names({ resourceVersion: '0' })).toEqual(['a'])
    const { resourceVersion } = await list(storage, maps('x'), {})
    const refused = { code: 504, message: expect.stringContaining('Too large resource version') as string }
    await expect(names({ resourceVersion })).rejects.toMatchObject(refused)
    await expect(get(storage, maps('x'), 'a', { resourceVersion })).rejects.toMatchObject(refused)
  })
})
