import { afterEach, describe, expect, it } from 'vitest'
import type { Lease } from '../api/types/coordination-v1.ts'
import { alreadyExists, conflict, notFound } from '../machinery/errors.ts'
import { FakeClock } from '../machinery/fake-clock.ts'
import { silentLogger } from '../machinery/logger.ts'
import { formatMicroTime } from '../machinery/time.ts'
import { sendJson, startScriptedServer } from '../testing/scripted-server.ts'
import { waitFor } from '../testing/wait.ts'
import { Client } from './client.ts'
import { runLeaderElected } from './leader-election.ts'

const cleanups: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
})

const leases = { group: 'coordination.k8s.io', plural: 'leases' }

/** A server that keeps one lease as an apiserver does, and can stop answering. */
async function setup() {
  const clock = new FakeClock()
  let lease: Lease | undefined
  let version = 1
  let down = false
  const server = await startScriptedServer(({ method, body }, res) => {
    const sent = body === '' ? undefined : (JSON.parse(body) as Lease)
    if (down) res.socket?.destroy()
    else if (sent === undefined) {
      if (lease === undefined) sendJson(res, notFound(leases, 'x').status, 404)
      else sendJson(res, lease)
    } else if (method === 'POST' && lease !== undefined) {
      sendJson(res, alreadyExists(leases, 'x').status, 409)
    } else if (method === 'PUT' && sent.metadata.resourceVersion !== lease?.metadata.resourceVersion) {
      sendJson(res, conflict(leases, 'x', 'changed').status, 409)
    } else {
      lease = { ...sent, metadata: { ...sent.metadata, resourceVersion: String(version++) } }
      sendJson(res, lease)
    }
  })
  const client = new Client({ server: server.url, userAgent: 'test' }, { clock })
  cleanups.push(
    () => client.close(),
    () => server.stop(),
  )
  const candidate = (identity: string) => {
    const stop = new AbortController()
    const state = { leading: false, error: undefined as unknown, ended: false }
    const options = {
      client,
      clock,
      log: silentLogger,
      name: 'x',
      identity,
      onLeading: (signal: AbortSignal) =>
        new Promise<void>((resolve) => {
          state.leading = true
          signal.addEventListener('abort', () => {
            state.leading = false
            resolve()
          })
        }),
    }
    void runLeaderElected(options, stop.signal)
      .catch((error: unknown) => (state.error = error))
      .finally(() => (state.ended = true))
    return { state, stop: () => stop.abort() }
  }
  /** Time goes on in small steps until it is so. */
  const pass = (done: () => boolean) =>
    waitFor(async () => {
      await clock.advance(100)
      return done()
    })
  const holder = () => lease?.spec.holderIdentity
  /** Somebody else, whose clock is off by so much, takes or renews the lease. */
  const renewElsewhere = (offMs: number): void => {
    const renewTime = formatMicroTime(clock.now() + offMs)
    const spec = { holderIdentity: 'other', leaseDurationSeconds: 15, acquireTime: renewTime, renewTime }
    const metadata = { name: 'x', namespace: 'kube-system', resourceVersion: String(version++) }
    lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec }
  }
  return { clock, candidate, pass, holder, renewElsewhere, setDown: (value: boolean) => (down = value) }
}

describe('runLeaderElected', () => {
  it('lets one lead, and the next as soon as that one has released', async () => {
    const t = await setup()
    const a = t.candidate('a')
    await t.pass(() => a.state.leading)
    const b = t.candidate('b')
    const start = t.clock.now()
    await t.pass(() => t.clock.now() - start > 20_000)
    expect([a.state.leading, b.state.leading, t.holder()]).toEqual([true, false, 'a'])

    a.stop()
    await waitFor(() => a.state.ended)
    expect([a.state.error, t.holder()]).toEqual([undefined, ''])
    const released = t.clock.now()
    await t.pass(() => b.state.leading)
    expect(t.clock.now() - released).toBeLessThan(10_000)
    expect(t.holder()).toBe('b')
    b.stop()
    await waitFor(() => b.state.ended)
  })

  it.each([
    ['behind', -10 * 60_000],
    ['ahead', 10 * 60_000],
  ])('goes by its own clock when the holder’s is minutes %s', async (_, offMs) => {
    const t = await setup()
    t.renewElsewhere(offMs)
    const a = t.candidate('a')
    const start = t.clock.now()
    await t.pass(() => {
      t.renewElsewhere(offMs)
      return t.clock.now() - start > 20_000
    })
    expect([a.state.leading, t.holder()]).toEqual([false, 'other'])
    const silent = t.clock.now()
    await t.pass(() => a.state.leading)
    expect(t.clock.now() - silent).toBeGreaterThanOrEqual(15_000)
    expect(t.clock.now() - silent).toBeLessThan(25_000)
    a.stop()
    await waitFor(() => a.state.ended)
  })

  it.each([
    ['forward', 3_600_000],
    ['back', -3_600_000],
  ])('goes on, and waits, as before when the machine’s clock is set %s', async (_, byMs) => {
    const t = await setup()
    const a = t.candidate('a')
    await t.pass(() => a.state.leading)
    const b = t.candidate('b')
    await t.pass(() => t.clock.elapsed() > 5000)
    t.clock.set(byMs)
    const start = t.clock.elapsed()
    await t.pass(() => t.clock.elapsed() - start > 20_000)
    expect([a.state.leading, b.state.leading, t.holder()]).toEqual([true, false, 'a'])
    t.setDown(true)
    const down = t.clock.elapsed()
    await t.pass(() => !a.state.leading)
    expect(t.clock.elapsed() - down).toBeLessThan(15_000)
    b.stop()
    await t.pass(() => a.state.ended && b.state.ended)
  })

  it('ends the work and rejects when the lease cannot be renewed', async () => {
    const t = await setup()
    const a = t.candidate('a')
    await t.pass(() => a.state.leading)
    t.setDown(true)
    const start = t.clock.now()
    await t.pass(() => !a.state.leading)
    expect(t.clock.now() - start).toBeLessThan(15_000)
    await t.pass(() => a.state.ended)
    expect(String(a.state.error)).toContain('lost the leader lease x')
  })

  it('rides out a short outage', async () => {
    const t = await setup()
    const a = t.candidate('a')
    await t.pass(() => a.state.leading)
    t.setDown(true)
    const start = t.clock.now()
    await t.pass(() => t.clock.now() - start > 5000)
    t.setDown(false)
    await t.pass(() => t.clock.now() - start > 20_000)
    expect(a.state.leading).toBe(true)
    a.stop()
    await waitFor(() => a.state.ended)
  })

  it('stops waiting for the leadership when told', async () => {
    const t = await setup()
    t.setDown(true)
    const a = t.candidate('a')
    await t.clock.advance(10)
    a.stop()
    await waitFor(() => a.state.ended)
    expect(a.state.error).toBeUndefined()
  })
})
