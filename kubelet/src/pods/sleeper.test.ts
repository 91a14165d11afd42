import { FakeClock } from '@kubets/shared/machinery/fake-clock.ts'
import { beforeEach, describe, expect, it } from 'vitest'
import { Sleeper } from './sleeper.ts'

describe('A sleeper', () => {
  let clock: FakeClock
  let lifetime: AbortController
  let sleeper: Sleeper
  beforeEach(() => {
    clock = new FakeClock()
    lifetime = new AbortController()
    sleeper = new Sleeper(clock, lifetime.signal)
  })

  /** Whether it is awake after all that is due has happened. */
  async function isAwake(sleeping: Promise<void>): Promise<boolean> {
    const awake = sleeping.then(() => true)
    for (let turn = 0; turn < 5; turn++) await Promise.resolve()
    return Promise.race([awake, Promise.resolve(false)])
  }

  it('sleeps until the time is over', async () => {
    const sleeping = sleeper.sleep(1000)
    await clock.advance(999)
    expect(await isAwake(sleeping)).toBe(false)
    await clock.advance(1)
    expect(await isAwake(sleeping)).toBe(true)
  })

  it('is woken before', async () => {
    const sleeping = sleeper.sleep(undefined)
    expect(await isAwake(sleeping)).toBe(false)
    sleeper.wake()
    expect(await isAwake(sleeping)).toBe(true)
  })

  it('does not sleep when it was woken since it got up', async () => {
    sleeper.wake()
    expect(await isAwake(sleeper.sleep(undefined))).toBe(true)
    sleeper.up()
    expect(await isAwake(sleeper.sleep(undefined))).toBe(false)
  })

  it('hears nothing when it is deaf, but the end of the kubelet', async () => {
    sleeper.wake()
    const sleeping = sleeper.sleep(1000, true)
    sleeper.wake()
    expect(await isAwake(sleeping)).toBe(false)
    lifetime.abort()
    expect(await isAwake(sleeping)).toBe(true)
    expect(await isAwake(sleeper.sleep(undefined))).toBe(true)
  })
})
