import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { FakeClock } from '../machinery/fake-clock.ts'
import { realClock } from './clock.ts'
import { createLogger } from './logging.ts'
import { createRegistry, queueMetrics, reconcileMetrics } from './metrics.ts'
import { WorkQueue } from '../client/workqueue.ts'
import { describeError } from './signals.ts'

const signals = JSON.stringify(new URL('./signals.ts', import.meta.url).href)

/** Runs a program of its own whose main has this body. */
async function run(body: string, onStart?: (pid: number) => void): Promise<{ code: unknown; stderr: string }> {
  const code = `import { runMain } from ${signals}; await runMain('prog', async (signal) => { ${body} })`
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'pipe'] })
  let stderr = ''
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  child.stdout.on('data', () => onStart?.(child.pid ?? 0))
  const [exit] = (await once(child, 'close')) as unknown[]
  return { code: exit, stderr }
}

describe('runMain', () => {
  const waits = `console.log('up'); setInterval(() => {}, 1000); await new Promise((resolve) => signal.onabort = resolve)`
  it.each(['SIGTERM', 'SIGINT'] as const)('ends in order at %s', async (name) => {
    expect(await run(waits, (pid) => process.kill(pid, name))).toEqual({ code: 0, stderr: '' })
  })

  it('takes an abort that reaches main as a regular end', async () => {
    const body = `console.log('up'); await new Promise((_, no) => signal.onabort = () => no(signal.reason))`
    const alive = 'setInterval(() => {}, 1000);'
    expect((await run(alive + body, (pid) => process.kill(pid, 'SIGTERM'))).code).toBe(0)
  })

  it.each([
    ['an error', `throw new Error('no\\n  config')`, 'prog: no | config\n'],
    [
      'a rejection nobody handles',
      `Promise.reject(new Error('lost')); await new Promise(() => setInterval(() => {}, 1000))`,
      'prog: lost\n',
    ],
  ])('ends with 1 and one line for %s', async (_, body, stderr) => {
    expect(await run(body)).toEqual({ code: 1, stderr })
  })

  it('shows where a fault of the program is', () => {
    expect(describeError(new TypeError('x is not a function'))).toMatch(/^TypeError: x is not a function \| at /)
    expect(describeError('text')).toBe('text')
  })
})

describe('realClock', () => {
  it('sleeps, cancels and aborts', async () => {
    const start = realClock.now()
    await realClock.sleep(20)
    expect(realClock.now() - start).toBeGreaterThanOrEqual(19)
    const stop = new AbortController()
    const long = realClock.sleep(60_000, stop.signal)
    stop.abort(new Error('enough'))
    await expect(long).rejects.toThrow('enough')
    await expect(realClock.sleep(60_000, stop.signal)).rejects.toThrow('enough')
  })

  it('lets everything else have its turn in a sleep of no time', async () => {
    const order: string[] = []
    setTimeout(() => order.push('timer'))
    setImmediate(() => order.push('ready'))
    await realClock.sleep(0)
    expect(order).toContain('ready')
    while (!order.includes('timer')) await realClock.sleep(0)
    await expect(realClock.sleep(0, AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough')
  })

  it('does not fire at once when the time is longer than a timer can be', async () => {
    let fired = false
    const cancel = realClock.timer(2 ** 40, () => (fired = true))
    await realClock.sleep(10)
    cancel()
    expect(fired).toBe(false)
  })
})

describe('createLogger', () => {
  it('writes JSON lines with level and program', () => {
    const folder = mkdtempSync(join(tmpdir(), 'log-'))
    try {
      const file = join(folder, 'sub', 'log')
      const log = createLogger('kubelet', { file })
      log.debug('unseen')
      log.warn({ pod: 'a', err: new Error('no') }, 'failed')
      const lines = readFileSync(file, 'utf8').trim().split('\n')
      expect(lines).toHaveLength(1)
      expect(JSON.parse(lines[0] ?? '')).toMatchObject({
        level: 'warn',
        program: 'kubelet',
        pod: 'a',
        msg: 'failed',
        err: { message: 'no' },
      })
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

describe('metrics', () => {
  it('show reconciles, queues and the process', async () => {
    const register = createRegistry()
    const clock = new FakeClock()
    const queues: WorkQueue[] = []
    const queue = new WorkQueue({ name: 'pods', clock, observer: queueMetrics(register, () => queues) })
    queues.push(queue)
    for (const key of ['a', 'b', 'c']) queue.add(key)
    await clock.advance(3_000)
    queue.done((await queue.get()) ?? '')
    queue.addRateLimited('a')
    await queue.get()
    await clock.advance(5_000)
    reconcileMetrics(register).observe('pods', 'error', 0.1)
    const text = await register.metrics()
    for (const line of [
      'workqueue_depth{name="pods"} 2',
      'workqueue_adds_total{name="pods"} 4',
      'workqueue_retries_total{name="pods"} 1',
      'workqueue_queue_duration_seconds_sum{name="pods"} 6',
      'workqueue_work_duration_seconds_count{name="pods"} 1',
      'workqueue_unfinished_work_seconds{name="pods"} 5',
      'workqueue_longest_running_processor_seconds{name="pods"} 5',
    ])
      expect(text).toContain(line)
    expect(text).toContain('controller_reconcile_total{controller="pods",result="error"} 1')
    expect(text).toContain('process_resident_memory_bytes')
  })
})
