import type { CSIDriver } from '@kubets/shared/api/types/storage-v1.ts'
import type { InformerHandler } from '@kubets/shared/client/informer.ts'
import { FakeClock } from '@kubets/shared/machinery/fake-clock.ts'
import { silentLogger as log } from '@kubets/shared/machinery/logger.ts'
import { expect, it } from 'vitest'
import { keepDriversUpdated } from './driver-updates.ts'

it('drivers are asked as often as their object says, while both are there', async () => {
  const clock = new FakeClock()
  const lifetime = new AbortController()
  let object: CSIDriver | undefined
  let registered = false
  let handler: InformerHandler<CSIDriver> = {}
  let changed: (name: string, registered: boolean) => void = () => undefined
  let asked = 0
  keepDriversUpdated({
    drivers: {
      has: () => registered,
      update: () => (asked++ % 2 === 0 ? Promise.resolve() : Promise.reject(new Error('no'))),
      onChange: (listener) => (changed = listener),
    },
    objects: {
      lister: { get: () => object },
      addHandler: (one) => (handler = one),
    },
    clock,
    log,
    lifetime: lifetime.signal,
  })
  const say = (seconds: number | undefined): void => {
    const before = object
    const spec = seconds === undefined ? {} : { nodeAllocatableUpdatePeriodSeconds: seconds }
    const now = { apiVersion: 'storage.k8s.io/v1', kind: 'CSIDriver', metadata: { name: 'd' }, spec }
    object = now
    if (before) handler.update?.(before, now)
    else handler.add?.(now)
  }
  const passed = async (seconds: number): Promise<number> => {
    const before = asked
    await clock.advance(seconds * 1000)
    return asked - before
  }
  say(10)
  expect(await passed(100)).toBe(0)
  registered = true
  changed('d', true)
  // one that fails is asked again
  expect(await passed(35)).toBe(3)
  // nothing that matters has changed: the next is due as it was
  say(10)
  expect(await passed(5)).toBe(1)
  say(60)
  expect(await passed(120)).toBe(2)
  say(undefined)
  expect(await passed(600)).toBe(0)
  say(10)
  registered = false
  changed('d', false)
  expect(await passed(100)).toBe(0)
  registered = true
  changed('d', true)
  lifetime.abort()
  expect(await passed(100)).toBe(0)
})
