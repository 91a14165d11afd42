import type { ServerResponse } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import { pods } from '../api/resources.gen.ts'
import { FakeClock } from '../machinery/fake-clock.ts'
import { silentLogger } from '../machinery/logger.ts'
import { realClock } from '../testing/real-clock.ts'
import { sendJson, startScriptedServer } from '../testing/scripted-server.ts'
import { waitFor } from '../testing/wait.ts'
import { Client } from './client.ts'
import { InformerFactory } from './informer.ts'
import { Reflector } from './reflector.ts'

const cleanups: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
})

interface Item {
  metadata: { name: string; namespace: string; resourceVersion: string; labels?: Record<string, string> }
}

const item = (name: string, resourceVersion: number, app = 'web'): Item => ({
  metadata: {
    name,
    namespace: name.startsWith('sys') ? 'kube-system' : 'default',
    resourceVersion: String(resourceVersion),
    labels: { app },
  },
})

const gone = { kind: 'Status', status: 'Failure', reason: 'Expired', code: 410, message: 'too old resource version' }

/** An apiserver of a few lines: what it lists and what its watches say is up to the test. */
async function setup(clock: FakeClock | typeof realClock = realClock) {
  const state = { version: 10, items: [] as Item[], pageSize: 500, refuse: undefined as object | undefined }
  const watches: ServerResponse[] = []
  const server = await startScriptedServer(({ query }, res) => {
    if (state.refuse !== undefined) {
      sendJson(res, state.refuse, 500)
    } else if (query.has('watch')) {
      res.writeHead(200).flushHeaders()
      watches.push(res)
    } else {
      const from = Number(query.get('continue') ?? 0)
      const items = state.items.slice(from, from + state.pageSize)
      const more = from + state.pageSize < state.items.length
      const token = more ? { continue: String(from + state.pageSize) } : {}
      sendJson(res, { metadata: { resourceVersion: String(state.version), ...token }, items })
    }
  })
  const stop = new AbortController()
  const client = new Client({ server: server.url, userAgent: 'test' }, { clock })
  const factory = new InformerFactory(client, { clock, log: silentLogger, freeze: true })
  cleanups.push(
    () => stop.abort(),
    () => client.close(),
    () => server.stop(),
  )
  const send = (type: string, object: object): void => {
    watches.at(-1)?.write(`${JSON.stringify({ type, object: { apiVersion: 'v1', kind: 'Pod', ...object } })}\n`)
  }
  const log: string[] = []
  const record = {
    add: (pod: Item) => log.push(`add ${pod.metadata.name}`),
    update: (old: Item, pod: Item) =>
      log.push(`update ${pod.metadata.name} ${old.metadata.resourceVersion}->${pod.metadata.resourceVersion}`),
    delete: (pod: Item) => log.push(`delete ${pod.metadata.name} ${pod.metadata.resourceVersion}`),
  }
  const queries = () =>
    server.requests.map((r) => `${r.query.has('watch') ? 'watch' : 'list'} ${r.query.get('resourceVersion') ?? '-'}`)
  return { state, watches, server, stop, factory, send, log, record: record as never, queries }
}

describe('Reflector', () => {
  it.each([
    [404, 'NotFound', ['not served']],
    [403, 'Forbidden', ['warn: list or watch failed, trying again']],
  ])('tells %i apart where kinds come and go', async (code, reason, told) => {
    const server = await startScriptedServer((_, res) =>
      sendJson(res, { kind: 'Status', status: 'Failure', code, reason }, code),
    )
    const stop = new AbortController()
    const client = new Client({ server: server.url, userAgent: 'test' }, { clock: realClock })
    cleanups.push(
      () => stop.abort(),
      () => client.close(),
      () => server.stop(),
    )
    const said: string[] = []
    const log = { ...silentLogger, warn: (_: unknown, text?: string) => void said.push(`warn: ${text}`) }
    const handlers = {
      onList: () => undefined,
      onEvent: () => undefined,
      onNotServed: () => void said.push('not served'),
    }
    void new Reflector({ client, clock: realClock, log, ref: pods, ...handlers }).run(stop.signal)
    await waitFor(() => said.length > 0)
    expect(said).toEqual(told)
  })
})

describe('Informer', () => {
  it('lists by pages, then follows the watch', async () => {
    const t = await setup()
    t.state.items = [item('a', 1), item('b', 2), item('sys', 3)]
    t.state.pageSize = 2
    const informer = t.factory.informer(pods)
    informer.addHandler(t.record)
    expect(informer.synced).toBe(false)
    t.factory.start(t.stop.signal)
    await t.factory.waitForSync(t.stop.signal)
    expect(informer.synced).toBe(true)
    expect(t.log.splice(0)).toEqual(['add a', 'add b', 'add sys'])
    expect(t.server.requests.slice(0, 2).map((r) => r.query.toString())).toEqual([
      'limit=500&resourceVersion=0',
      'limit=500&continue=2',
    ])

    await waitFor(() => t.watches.length === 1)
    t.send('ADDED', item('c', 11))
    t.send('MODIFIED', item('a', 12))
    t.send('DELETED', item('b', 13))
    t.send('DELETED', item('never-seen', 14))
    t.send('BOOKMARK', { metadata: { resourceVersion: '20' } })
    t.watches[0]?.end()
    await waitFor(() => t.watches.length === 2)
    expect(t.log).toEqual(['add c', 'update a 1->12', 'delete b 13'])
    expect(t.queries()).toEqual(['list 0', 'list -', 'watch 10', 'watch 20'])
    expect(
      informer.lister
        .list()
        .map((p) => p.metadata.name)
        .toSorted(),
    ).toEqual(['a', 'c', 'sys'])
    expect(informer.lister.list('kube-system').map((p) => p.metadata.name)).toEqual(['sys'])
    expect(informer.lister.get('a', 'default')?.metadata.resourceVersion).toBe('12')
    expect(informer.lister.byKey('default/b')).toBeUndefined()
    expect(informer.lister.byKey('default/c')).toMatchObject({ apiVersion: 'v1', kind: 'Pod' })
    expect(Object.isFrozen(informer.lister.byKey('default/a')?.metadata.labels)).toBe(true)
  })

  it('lists again when its version has expired, and tells what changed meanwhile', async () => {
    const t = await setup()
    t.state.items = [item('a', 1), item('b', 2), item('c', 3)]
    const informer = t.factory.informer(pods)
    informer.addHandler(t.record)
    t.factory.start(t.stop.signal)
    await waitFor(() => t.watches.length === 1)
    t.log.length = 0
    t.state.items = [item('a', 1), item('b', 12), item('d', 13)]
    t.state.version = 13
    t.send('ERROR', gone)
    await waitFor(() => t.watches.length === 2)
    expect(t.log).toEqual(['update b 2->12', 'add d', 'delete c 3'])
    expect(t.queries()).toEqual(['list 0', 'watch 10', 'list -', 'watch 13'])
  })

  it('goes on where it was when the connection breaks', async () => {
    const t = await setup()
    t.state.items = [item('a', 1)]
    t.factory.informer(pods)
    t.factory.start(t.stop.signal)
    await waitFor(() => t.watches.length === 1)
    t.send('MODIFIED', item('a', 15))
    t.watches[0]?.write('{"type":"MODI')
    await waitFor(() => t.factory.informer(pods).lister.byKey('default/a')?.metadata.resourceVersion === '15')
    t.server.cut()
    await waitFor(() => t.watches.length === 2)
    expect(t.queries()).toEqual(['list 0', 'watch 10', 'watch 15'])
  })

  it('never gives up, and stops when told', async () => {
    const clock = new FakeClock()
    const t = await setup(clock)
    t.state.refuse = { kind: 'Status', status: 'Failure', reason: 'InternalError', code: 500 }
    t.state.items = [item('a', 1)]
    t.factory.informer(pods).addHandler(t.record)
    t.factory.start(t.stop.signal)
    const pass = (done: () => boolean) =>
      waitFor(async () => {
        await clock.advance(200)
        return done()
      })
    await pass(() => t.server.requests.length === 4)
    t.state.refuse = undefined
    await pass(() => t.log.length > 0)
    await waitFor(() => t.watches.length === 1)
    t.stop.abort()
    await waitFor(() => t.watches.every((w) => w.destroyed))
  })

  it('is shared, serves late handlers and survives those that throw', async () => {
    const t = await setup()
    t.state.items = [item('a', 1)]
    const informer = t.factory.informer(pods)
    expect(t.factory.informer(pods)).toBe(informer)
    expect(t.factory.informer(pods, { namespace: 'default' })).not.toBe(informer)
    informer.addHandler({
      add: () => {
        throw new Error('no')
      },
    })
    t.factory.start(t.stop.signal)
    await t.factory.waitForSync(t.stop.signal)
    informer.addHandler(t.record)
    expect(t.log).toEqual(['add a'])
    const paths = t.server.requests.map((r) => r.path)
    expect(paths).toContain('/api/v1/namespaces/default/pods')
  })

  it('runs those asked for after the start', async () => {
    const t = await setup()
    t.factory.start(t.stop.signal)
    const informer = t.factory.informer(pods)
    await t.factory.waitForSync(t.stop.signal)
    expect(informer.synced).toBe(true)
  })

  it('keeps indexes through every change', async () => {
    const t = await setup()
    t.state.items = [item('a', 1, 'web'), item('b', 2, 'db')]
    const informer = t.factory.informer(pods)
    informer.addIndex('app', (pod) => [pod.metadata.labels?.app ?? ''])
    t.factory.start(t.stop.signal)
    await waitFor(() => t.watches.length === 1)
    const names = (app: string) => informer.lister.byIndex('app', app).map((p) => p.metadata.name)
    expect([names('web'), names('db'), names('none')]).toEqual([['a'], ['b'], []])
    t.send('MODIFIED', item('a', 11, 'db'))
    t.send('DELETED', item('b', 12, 'db'))
    await waitFor(() => informer.lister.byKey('default/b') === undefined)
    expect([names('web'), names('db')]).toEqual([[], ['a']])
    informer.addIndex('rv', (pod) => [pod.metadata.resourceVersion ?? ''])
    expect(informer.lister.byIndex('rv', '11')).toHaveLength(1)
    expect(() => informer.lister.byIndex('nope', '')).toThrow('there is no index named nope')
  })

  it('stops waiting for the first list when the signal aborts', async () => {
    const t = await setup()
    t.state.refuse = {}
    t.factory.informer(pods)
    t.factory.start(t.stop.signal)
    const waiting = t.factory.waitForSync(t.stop.signal)
    t.stop.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
  })
})
