import { getEventListeners } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import { pods } from '../api/resources.gen.ts'
import { FakeClock } from '../machinery/fake-clock.ts'
import { isConflict, isGone, isNotFound, notFound, type StatusError } from '../machinery/errors.ts'
import { realClock } from '../testing/real-clock.ts'
import { sendJson, startScriptedServer } from '../testing/scripted-server.ts'
import { waitFor } from '../testing/wait.ts'
import { Client } from './client.ts'
import type { ClientConfig } from './config.ts'

const cleanups: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
})

async function setup(
  answer: Parameters<typeof startScriptedServer>[0],
  clock: FakeClock | typeof realClock = realClock,
  more: Partial<ClientConfig> = {},
) {
  const server = await startScriptedServer(answer)
  const client = new Client({ server: server.url, userAgent: 'test', token: () => 'secret', ...more }, { clock })
  cleanups.push(
    () => client.close(),
    () => server.stop(),
  )
  return { server, client }
}

const pod = (name: string, resourceVersion = '1') => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'ns', resourceVersion },
  spec: { containers: [] },
})

describe('Client requests', () => {
  it('asks what the API understands', async () => {
    const { client, server } = await setup((req, res) =>
      sendJson(res, req.body === '' ? pod('a') : (JSON.parse(req.body) as object)),
    )
    const options = { namespace: 'ns' }
    await client.get(pods, 'a b', { ...options, resourceVersion: '0' })
    await client.create(pods, pod('a'), { dryRun: true })
    await client.create(pods, { target: { name: 'n1' } }, { ...options, name: 'a', subresource: 'binding' })
    await client.update(pods, pod('a'), { subresource: 'status' })
    await client.patch(pods, 'a', { x: 1 }, { ...options, type: 'strategic' })
    await client.delete(pods, 'a', { ...options, gracePeriodSeconds: 0, preconditions: { uid: 'u' } })
    await client.deleteCollection(pods, { ...options, labelSelector: 'app=web' })
    expect(server.requests.map((r) => `${r.method} ${r.path}?${r.query}`)).toEqual([
      'GET /api/v1/namespaces/ns/pods/a%20b?resourceVersion=0',
      'POST /api/v1/namespaces/ns/pods?dryRun=All',
      'POST /api/v1/namespaces/ns/pods/a/binding?',
      'PUT /api/v1/namespaces/ns/pods/a/status?',
      'PATCH /api/v1/namespaces/ns/pods/a?',
      'DELETE /api/v1/namespaces/ns/pods/a?',
      'DELETE /api/v1/namespaces/ns/pods?labelSelector=app%3Dweb',
    ])
    expect(server.requests[4]?.headers['content-type']).toBe('application/strategic-merge-patch+json')
    expect(JSON.parse(server.requests[5]?.body ?? '')).toEqual({
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      gracePeriodSeconds: 0,
      preconditions: { uid: 'u' },
    })
    expect(server.requests[0]?.headers).toMatchObject({ authorization: 'Bearer secret', 'user-agent': 'test' })
  })

  it('names the kind of the items of a list', async () => {
    const items = [{ metadata: { name: 'a' } }]
    const { client } = await setup((_, res) =>
      sendJson(res, { kind: 'PodList', apiVersion: 'v1', metadata: {}, items }),
    )
    expect((await client.list(pods)).items).toEqual([{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' } }])
  })

  it('turns a null list into an empty one', async () => {
    const { client } = await setup((_, res) => sendJson(res, { metadata: {}, items: null }))
    expect((await client.list(pods)).items).toEqual([])
  })

  it('throws the Status the server sent', async () => {
    const { status } = notFound({ group: '', plural: 'pods' }, 'a')
    const { client } = await setup((_, res) => sendJson(res, status, 404))
    const error: unknown = await client.get(pods, 'a', { namespace: 'ns' }).catch((e: unknown) => e)
    expect(isNotFound(error)).toBe(true)
    expect((error as StatusError).message).toBe('pods "a" not found')
  })

  it('makes a Status of what a proxy in between says', async () => {
    const { client } = await setup((_, res) => res.writeHead(409).end('busy'))
    const error: unknown = await client.update(pods, pod('a')).catch((e: unknown) => e)
    expect(isConflict(error)).toBe(true)
    expect((error as StatusError).status.details?.causes?.[0]?.message).toBe('busy')
  })

  it('comes again when the server asks for it, but not for ever', async () => {
    const clock = new FakeClock()
    let refusals = 2
    const { client, server } = await setup((_, res) => {
      if (refusals-- > 0) sendJson(res, {}, 429, { 'retry-after': '1' })
      else sendJson(res, pod('a'))
    }, clock)
    const result = client.create(pods, pod('a'))
    const start = clock.now()
    const passUntil = (done: () => boolean) => waitFor(async () => done() || (await clock.advance(100), done()))
    await passUntil(() => server.requests.length === 3)
    expect(clock.now() - start).toBeGreaterThanOrEqual(2000)
    expect((await result).metadata.name).toBe('a')

    refusals = 100
    let refused: unknown
    void client.get(pods, 'a').catch((e: unknown) => (refused = e))
    await passUntil(() => refused !== undefined)
    expect((refused as StatusError).code).toBe(429)
    expect(server.requests).toHaveLength(3 + 11)
  })

  it('reads again once when the connection breaks, but does not write again', async () => {
    let breaks = 1
    const { client, server } = await setup((_, res) => {
      if (breaks-- > 0) res.socket?.destroy()
      else sendJson(res, pod('a'))
    })
    expect((await client.get(pods, 'a')).metadata.name).toBe('a')
    breaks = 1
    await expect(client.create(pods, pod('a'))).rejects.toThrow('POST /api/v1/namespaces/ns/pods:')
    expect(server.requests).toHaveLength(3)
  })

  it.each([
    [30, {}],
    [10, { requestLimitMs: 10_000 }],
  ])('gives up after %i s with %o', async (seconds, config) => {
    const clock = new FakeClock()
    const { client, server } = await setup(() => undefined, clock, config)
    const result = client.get(pods, 'a').catch((e: unknown) => e)
    await waitFor(() => server.requests.length === 1)
    await clock.advance(seconds * 1000)
    expect((await result) as Error).toMatchObject({ message: `GET /api/v1/pods/a: no answer within ${seconds} s` })
  })

  it('stops when the signal says so', async () => {
    const { client, server } = await setup(() => undefined)
    const stop = new AbortController()
    const result = client.get(pods, 'a', { signal: stop.signal })
    await waitFor(() => server.requests.length === 1)
    stop.abort(new Error('enough'))
    await expect(result).rejects.toThrow('enough')
    await expect(client.get(pods, 'a', { signal: stop.signal })).rejects.toThrow('enough')
  })

  it('says where nobody listens', async () => {
    const { client, server } = await setup(() => undefined)
    await server.stop()
    cleanups.pop()
    await expect(client.get(pods, 'a')).rejects.toThrow(/^GET \/api\/v1\/pods\/a: .*ECONNREFUSED/)
  })
})

describe('Client.watch', () => {
  const event = (type: string, name: string) => `${JSON.stringify({ type, object: pod(name) })}\n`

  it('yields events however the bytes are split, until the server ends', async () => {
    const bytes = Buffer.from(event('ADDED', 'ä') + event('MODIFIED', 'b') + event('BOOKMARK', ''))
    const { client, server } = await setup((_, res) => {
      res.writeHead(200)
      for (const byte of bytes) res.write(Buffer.of(byte))
      res.end()
    })
    const seen: string[] = []
    const options = {
      namespace: 'ns',
      resourceVersion: '5',
      allowWatchBookmarks: true,
      signal: new AbortController().signal,
    }
    for await (const { type, object } of client.watch(pods, options)) seen.push(`${type} ${object.metadata.name}`)
    expect(seen).toEqual(['ADDED ä', 'MODIFIED b', 'BOOKMARK '])
    const { query } = server.requests[0] ?? { query: new URLSearchParams() }
    expect([query.get('watch'), query.get('resourceVersion'), query.get('allowWatchBookmarks')]).toEqual([
      'true',
      '5',
      'true',
    ])
    expect(Number(query.get('timeoutSeconds'))).toBeGreaterThanOrEqual(300)
    expect(Number(query.get('timeoutSeconds'))).toBeLessThan(600)
  })

  it('throws error events and refusals as what they are', async () => {
    const gone = {
      kind: 'Status',
      status: 'Failure',
      reason: 'Expired',
      code: 410,
      message: 'too old resource version',
    }
    let asEvent = true
    const { client } = await setup((_, res) => {
      if (asEvent) res.writeHead(200).end(`${JSON.stringify({ type: 'ERROR', object: gone })}\n`)
      else sendJson(res, gone, 410)
    })
    const watch = () =>
      client
        .watch(pods, { signal: new AbortController().signal })
        .next()
        .catch((e: unknown) => e)
    expect(isGone(await watch())).toBe(true)
    asEvent = false
    expect(isGone(await watch())).toBe(true)
  })

  it('throws when the connection breaks, or stays silent past its time', async () => {
    const { client, server } = await setup((_, res) => res.writeHead(200).write(event('ADDED', 'a')))
    const watch = client.watch(pods, { signal: new AbortController().signal })
    expect((await watch.next()).value).toMatchObject({ type: 'ADDED' })
    const next = watch.next()
    server.cut()
    await expect(next).rejects.toThrow()

    const silent = client.watch(pods, { timeoutSeconds: -29, signal: new AbortController().signal })
    await silent.next()
    await expect(silent.next()).rejects.toThrow('Body Timeout')
  })

  it('ends its connection when the reader stops or the signal aborts', async () => {
    let open = 0
    const { client } = await setup((_, res) => {
      open++
      res.on('close', () => open--)
      res.writeHead(200).write(event('ADDED', 'a'))
    })
    for await (const { type } of client.watch(pods, { signal: new AbortController().signal })) {
      expect([type, open]).toEqual(['ADDED', 1])
      break
    }
    await waitFor(() => open === 0)
    const stop = new AbortController()
    for (let i = 0; i < 3; i++) for await (const _ of client.watch(pods, { signal: stop.signal })) break
    await waitFor(() => open === 0 && getEventListeners(stop.signal, 'abort').length === 0)
    const watch = client.watch(pods, { signal: stop.signal })
    await watch.next()
    const next = watch.next()
    stop.abort(new Error('enough'))
    await expect(next).rejects.toThrow('enough')
    await waitFor(() => open === 0)
  })
})
