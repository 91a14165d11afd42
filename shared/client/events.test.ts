import { afterEach, describe, expect, it } from 'vitest'
import type { Event } from '../api/types/core-v1.ts'
import { FakeClock } from '../machinery/fake-clock.ts'
import { silentLogger } from '../machinery/logger.ts'
import { sendJson, startScriptedServer } from '../testing/scripted-server.ts'
import { waitFor } from '../testing/wait.ts'
import { Client } from './client.ts'
import { EventRecorder } from './events.ts'

const cleanups: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
})

async function setup(answer: (tries: number) => number = () => 201) {
  const clock = new FakeClock(Date.UTC(2026, 0, 1))
  let tries = 0
  const server = await startScriptedServer(({ body }, res) => {
    const status = answer(++tries)
    sendJson(
      res,
      status < 300 ? { metadata: { name: 'e' }, ...(JSON.parse(body) as object) } : { message: 'no' },
      status,
    )
  })
  const client = new Client({ server: server.url, userAgent: 'test' }, { clock })
  cleanups.push(
    () => client.close(),
    () => server.stop(),
  )
  const recorder = new EventRecorder({ client, clock, log: silentLogger, component: 'kubelet', host: 'n1' })
  return { clock, server, recorder }
}

const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'ns', uid: 'u', resourceVersion: '7' },
}

describe('EventRecorder', () => {
  it('goes on when the clock is set back, after as many as an object may have at once', async () => {
    const { recorder, server, clock } = await setup()
    for (let i = 0; i < 30; i++) recorder.event(pod, 'Normal', 'Some', 'thing')
    await recorder.flush()
    expect(server.requests).toHaveLength(25)
    clock.set(-3_600_000)
    await clock.advance(300_001)
    recorder.event(pod, 'Normal', 'Some', 'thing')
    await recorder.flush()
    expect(server.requests).toHaveLength(26)
  })

  it('creates an event, and raises its count when it comes again', async () => {
    const { recorder, server } = await setup()
    recorder.event(pod, 'Normal', 'Started', 'Started container web')
    recorder.event(pod, 'Normal', 'Started', 'Started container web')
    await recorder.flush()
    const [create, bump] = server.requests
    expect(`${create?.method} ${create?.path}`).toBe('POST /api/v1/namespaces/ns/events')
    const event = JSON.parse(create?.body ?? '') as Event
    expect(event).toEqual({
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: 'web.18867251edfa0000', namespace: 'ns' },
      involvedObject: { kind: 'Pod', namespace: 'ns', name: 'web', uid: 'u', apiVersion: 'v1', resourceVersion: '7' },
      reason: 'Started',
      message: 'Started container web',
      source: { component: 'kubelet', host: 'n1' },
      firstTimestamp: '2026-01-01T00:00:00Z',
      lastTimestamp: '2026-01-01T00:00:00Z',
      count: 1,
      type: 'Normal',
      reportingComponent: 'kubelet',
      reportingInstance: 'n1',
    })
    expect(`${bump?.method} ${bump?.path}`).toBe(`PATCH /api/v1/namespaces/ns/events/${event.metadata.name}`)
    expect(JSON.parse(bump?.body ?? '')).toMatchObject({ count: 2 })
  })

  it('takes references, and files events about objects without a namespace under default', async () => {
    const { recorder, server } = await setup()
    recorder.event({ kind: 'Node', name: 'n1' }, 'Warning', 'Rebooted', 'again')
    await recorder.flush()
    expect(server.requests[0]?.path).toBe('/api/v1/namespaces/default/events')
  })

  it('creates anew when the one it would change has expired', async () => {
    const { recorder, server } = await setup((tries) => (tries === 2 ? 404 : 201))
    recorder.event(pod, 'Normal', 'Started', 'x')
    recorder.event(pod, 'Normal', 'Started', 'x')
    await recorder.flush()
    expect(server.requests.map((r) => r.method)).toEqual(['POST', 'PATCH', 'POST'])
    expect(JSON.parse(server.requests[2]?.body ?? '')).toMatchObject({ count: 2 })
  })

  it('drops what is refused', async () => {
    const { recorder, server } = await setup((tries) => (tries === 1 ? 403 : 201))
    recorder.event(pod, 'Normal', 'Started', 'a')
    recorder.event(pod, 'Normal', 'Started', 'b')
    await recorder.flush()
    expect(server.requests).toHaveLength(2)
  })

  it('tries twelve times when the apiserver is in trouble, then goes on', async () => {
    const { clock, recorder, server } = await setup((tries) => (tries <= 12 ? 500 : 201))
    recorder.event(pod, 'Normal', 'Started', 'a')
    recorder.event(pod, 'Normal', 'Started', 'b')
    await waitFor(async () => {
      await clock.advance(1000)
      return server.requests.length === 13
    })
    expect(JSON.parse(server.requests[12]?.body ?? '')).toMatchObject({ message: 'b' })
  })

  it('keeps at most a thousand waiting', async () => {
    const { recorder, server } = await setup()
    for (let i = 0; i < 1500; i++) recorder.event({ kind: 'Node', name: `n${i}` }, 'Normal', 'Ready', 'x')
    await recorder.flush()
    expect(server.requests).toHaveLength(1000)
  })
})
