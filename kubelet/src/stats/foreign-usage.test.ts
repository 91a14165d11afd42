import { tmpdir } from 'node:os'
import { FakeClock } from '@kubets/shared/machinery/fake-clock.ts'
import { expect, it } from 'vitest'
import { deviceUsage, remoteUsage } from './foreign-usage.ts'
import { readFileSystem } from './machine.ts'

const { signal } = new AbortController()

it("another machine's file system is asked by a process of its own, one at a time", async () => {
  const ask = remoteUsage(tmpdir(), new FakeClock())
  const [first, second] = await Promise.all([ask(signal), ask(signal)])
  const { capacityBytes, inodes } = await readFileSystem(tmpdir())
  expect(first).toMatchObject({ capacityBytes, inodes })
  expect(second).toBeUndefined()
})

it('what cannot be asked, or is asked no longer, tells nothing', async () => {
  expect(await remoteUsage('/no/such', new FakeClock())(signal)).toBeUndefined()
  const stop = new AbortController()
  const asked = remoteUsage(tmpdir(), new FakeClock())(stop.signal)
  stop.abort()
  expect(await asked).toBeUndefined()
})

it('what is no device has no size', () => expect(deviceUsage(tmpdir())).rejects.toThrow('ENOENT'))
