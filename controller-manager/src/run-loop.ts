import { runWorkers } from '@kubets/shared/client/controller.ts'
import type { WorkQueue } from '@kubets/shared/client/workqueue.ts'
import type { ControllerContext, Run } from './context.ts'

interface Loop {
  /** The controller's name, as metrics and log lines carry it. */
  name: string
  queue: WorkQueue
  workers: number
  reconcile: (key: string, signal: AbortSignal) => Promise<void>
}

/** The usual body of a controller: workers that take keys from its queue. */
export const runLoop = ({ clock, log, metrics }: ControllerContext, loop: Loop): Run => {
  return (signal) => runWorkers({ ...loop, clock, log, metrics }, signal)
}
