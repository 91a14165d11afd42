import type { Clock } from '../machinery/clock.ts'
import { isConflict } from '../machinery/errors.ts'
import type { Logger } from '../machinery/logger.ts'
import type { WorkQueue } from './workqueue.ts'

/** What a program may count of its controllers' work. */
export interface ReconcileMetrics {
  observe(controller: string, result: 'success' | 'error', seconds: number): void
}

interface ControllerOptions {
  name: string
  queue: WorkQueue
  workers: number
  /** Makes the world match for one key; a rejection brings the key back after a growing wait. */
  reconcile: (key: string, signal: AbortSignal) => Promise<void>
  clock: Clock
  log: Logger
  metrics?: ReconcileMetrics
}

/** Works on the queue until the signal aborts and the reconciles under way have ended. Never rejects. */
export async function runWorkers(options: ControllerOptions, signal: AbortSignal): Promise<void> {
  const { queue, workers } = options
  const shutDown = (): void => queue.shutDown()
  if (signal.aborted) shutDown()
  else signal.addEventListener('abort', shutDown, { once: true })
  await Promise.all(Array.from({ length: workers }, () => work(options, signal)))
}

async function work(options: ControllerOptions, signal: AbortSignal): Promise<void> {
  const { queue } = options
  for (;;) {
    const key = await queue.get()
    if (key === undefined || signal.aborted) return
    await reconcileOnce(options, key, signal)
    queue.done(key)
  }
}

async function reconcileOnce(options: ControllerOptions, key: string, signal: AbortSignal): Promise<void> {
  const { name, queue, clock, log, metrics } = options
  const start = clock.elapsed()
  let result: 'success' | 'error' = 'success'
  try {
    await options.reconcile(key, signal)
    queue.forget(key)
  } catch (error) {
    if (signal.aborted) return
    result = 'error'
    // a conflict is the ordinary outcome of a stale cache: the next try has the newer object
    if (isConflict(error)) log.debug({ controller: name, key, err: error }, 'conflict, trying again')
    else log.error({ controller: name, key, err: error }, 'reconcile failed, trying again')
    queue.addRateLimited(key)
  }
  metrics?.observe(name, result, (clock.elapsed() - start) / 1000)
}
