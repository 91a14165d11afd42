import { expect, it } from 'vitest'
import { FailedPods } from './failed-pods.ts'

it('lets a node wait twice as long after each Pod that failed, at most a quarter of an hour', () => {
  const failed = new FailedPods()
  expect(failed.wait('a', 0)).toBe(0)
  expect(failed.wait('a', 400)).toBe(600)
  expect(failed.wait('b', 400)).toBe(0)
  expect(failed.wait('a', 1000)).toBe(0)
  expect(failed.wait('a', 1001)).toBe(1999)
  let now = 1000
  for (let tries = 0; tries < 20; tries++) {
    now += 900_000
    expect(failed.wait('a', now)).toBe(0)
  }
  expect(failed.wait('a', now + 1)).toBe(899_999)
  expect(failed.wait('a', now + 1_800_001)).toBe(0)
  expect(failed.wait('a', now + 1_800_001)).toBe(1000)
})
