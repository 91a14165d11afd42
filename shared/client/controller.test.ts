import { describe, expect, it } from 'vitest'
import { conflict } from '../machinery/errors.ts'
import { FakeClock } from '../machinery/fake-clock.ts'
import { silentLogger } from '../machinery/logger.ts'
import { runWorkers } from './controller.ts'
import { WorkQueue } from './workqueue.ts'

describe('runWorkers', () => {
  it('tries failed keys again, forgets those that succeed, and counts both', async () => {
    const clock = new FakeClock()
    const queue = new WorkQueue({ name: 'q', clock })
    const stop = new AbortController()
    const seen: string[] = []
    const results: string[] = []
    const failures = [new Error('no'), conflict({ group: '', plural: 'pods' }, 'a', 'changed')]
    const done = runWorkers(
      {
        name: 'test',
        queue,
        workers: 2,
        clock,
        log: silentLogger,
        metrics: { observe: (name, result) => results.push(`${name} ${result}`) },
        reconcile: (key) => {
          seen.push(key)
          const failure = key === 'a' ? failures.shift() : undefined
          if (failure !== undefined) throw failure
          return Promise.resolve()
        },
      },
      stop.signal,
    )
    queue.add('a')
    queue.add('b')
    await clock.advance(1000)
    expect(seen).toEqual(['a', 'b', 'a', 'a'])
    expect(results.toSorted()).toEqual(['test error', 'test error', 'test success', 'test success'])
    expect(queue.numRequeues('a')).toBe(0)
    stop.abort()
    await done
  })

  it('never works on one key twice at a time, and ends after the work under way', async () => {
    const clock = new FakeClock()
    const queue = new WorkQueue({ name: 'q', clock })
    const stop = new AbortController()
    let running = 0
    let most = 0
    const options = {
      name: 'test',
      queue,
      workers: 4,
      clock,
      log: silentLogger,
      reconcile: async () => {
        most = Math.max(most, ++running)
        await clock.sleep(10)
        running--
      },
    }
    const done = runWorkers(options, stop.signal)
    for (let i = 0; i < 5; i++) {
      queue.add('a')
      await clock.advance(4)
    }
    expect(most).toBe(1)
    stop.abort()
    await clock.advance(10)
    await done
    expect(running).toBe(0)
  })
})
