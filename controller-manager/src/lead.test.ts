import { describe, expect, it } from 'vitest'
import type { Client } from '@kubets/shared/client/client.ts'
import { FakeClock } from '@kubets/shared/machinery/fake-clock.ts'
import { silentLogger } from '@kubets/shared/machinery/logger.ts'
import { leadOnce } from './lead.ts'

// An apiserver that grants the lease until it is told to be away; the election needs no more of a client.
const server = (): { client: Client; away: boolean } => {
  const state = { away: false, version: 0 }
  const write = async (_: unknown, lease: object): Promise<object> => {
    if (state.away) throw new Error('away')
    return { ...lease, metadata: { name: 'l', resourceVersion: String(++state.version) } }
  }
  const get = async (): Promise<object> => {
    if (state.away) throw new Error('away')
    return { metadata: { name: 'l', resourceVersion: '0' }, spec: {} }
  }
  return Object.assign(state, { client: { get, create: write, update: write } as unknown as Client })
}

const election = (client: Client, clock: FakeClock): Parameters<typeof leadOnce>[0] => ({
  client,
  clock,
  log: silentLogger,
  name: 'l',
  identity: 'me',
  leaseDurationMs: 15_000,
  renewDeadlineMs: 10_000,
  retryPeriodMs: 2_000,
})

const settle = async (clock: FakeClock, seconds: number): Promise<void> => {
  for (let second = 0; second < seconds; second++) {
    await clock.advance(1000)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

describe('leadOnce', () => {
  it('ends the work and resolves when the leadership is lost', async () => {
    const clock = new FakeClock()
    const apiserver = server()
    let ended = false
    const lead = leadOnce(
      election(apiserver.client, clock),
      async (leading) => {
        await new Promise((resolve) => leading.addEventListener('abort', resolve, { once: true }))
        ended = true
      },
      new AbortController().signal,
    )
    await settle(clock, 3)
    apiserver.away = true
    await settle(clock, 20)
    await lead
    expect(ended).toBe(true)
  })

  it('rejects when the work fails by itself', async () => {
    const clock = new FakeClock()
    const lead = leadOnce(
      election(server().client, clock),
      () => Promise.reject(new Error('broken')),
      new AbortController().signal,
    )
    const outcome = expect(lead).rejects.toThrow('broken')
    await settle(clock, 10)
    await outcome
  })
})
