import { silentLogger } from '@kubets/shared/machinery/logger.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import { realClock } from '@kubets/shared/process/clock.ts'
import { startEtcdMembers } from '@kubets/shared/testing/etcd.ts'
import { caseMs, waitFor } from '@kubets/shared/testing/wait.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Storage } from './storage.ts'

const all = { start: '', end: '', matches: () => true }
const resource = { group: '', plural: 'things' }

function object(name: string): KubeObject {
  return { apiVersion: 'v1', kind: 'Thing', metadata: { name, namespace: 'default' } } as KubeObject
}

describe('storage on an etcd of three members', () => {
  let members: Awaited<ReturnType<typeof startEtcdMembers>>
  let storage: Storage
  let running: Promise<void>
  const stop = new AbortController()

  beforeAll(async () => {
    members = await startEtcdMembers(3)
    const endpoints = members.map(({ endpoint }) => endpoint)
    storage = new Storage({ endpoints, prefix: '/test', clock: realClock, log: silentLogger })
    running = storage.run(stop.signal)
  })
  afterAll(async () => {
    stop.abort()
    await running
    await Promise.all(members.map((member) => member.stop()))
  })

  /** Writes until it was said to be written; gives the revision, which a write has that was cut off and happened. */
  const write = (name: string): Promise<string> =>
    waitFor(async () => {
      try {
        const change = { resource, key: `default/${name}`, object: object(name), expect: 0 }
        const result = await storage.commit([change])
        if (result.committed) return result.encoded[0]?.resourceVersion
        return (await storage.read(resource, `default/${name}`))?.resourceVersion
      } catch (error) {
        expect([500, 503, 504]).toContain((error as { code?: number }).code)
        return undefined
      }
    }, `${name} to be written`)

  it(
    'goes on, and loses and repeats no event, while one after the other dies and comes back',
    async () => {
      await storage.cache.fresh()
      const since = storage.cache.revision
      const seen: string[] = []
      const watch = storage.resource(resource).watch({ ...all, revision: since }, since, realClock.elapsed())
      const watching = (async () => {
        for await (const batch of watch)
          for (const { type, encoded } of batch) seen.push(`${type} ${encoded.object.metadata.name ?? ''}`)
      })()
      const written: string[] = []
      const put = async (name: string): Promise<void> => {
        await write(name)
        written.push(`ADDED ${name}`)
      }
      for (const [turn, member] of members.entries()) {
        for (let i = 0; i < 20; i++) await put(`before-${String(turn)}-${String(i)}`)
        await member.kill()
        for (let i = 0; i < 20; i++) await put(`without-${String(turn)}-${String(i)}`)
        await member.restart()
      }
      await waitFor(() => seen.length >= written.length, 'all events')
      expect(seen).toEqual(written)
      watch.close()
      await watching
    },
    caseMs,
  )
})
