import { EventRecorder } from '@kubets/shared/client/events.ts'
import { InformerFactory } from '@kubets/shared/client/informer.ts'
import { WorkQueue, type QueueObserver } from '@kubets/shared/client/workqueue.ts'
import type { Controller, ControllerContext } from './context.ts'
import type { ControllerHealth } from './controller-health.ts'
import { Everything } from './discovery/everything.ts'

type ManagerOptions = Omit<ControllerContext, 'informers' | 'everything' | 'recorder' | 'queue'> & {
  controllers: readonly Controller[]
  /** Takes the controllers' queues, for the metrics. */
  queues: WorkQueue[]
  queueObserver?: QueueObserver
  health: ControllerHealth
}

/** Runs the controllers over one set of informers until the signal aborts. Rejects when one of them ends before. */
export const runControllers = async (options: ManagerOptions, signal: AbortSignal): Promise<void> => {
  const { controllers, queues, queueObserver, health, ...shared } = options
  const { client, clock, log } = shared
  const informers = new InformerFactory(client, { clock, log })
  const everything = new Everything({ client, clock, log })
  const recorders: EventRecorder[] = []
  const recorder = (component: string): EventRecorder => {
    const created = new EventRecorder({ client, clock, component, log })
    recorders.push(created)
    return created
  }
  queues.length = 0
  health.clear()
  const common = { ...shared, informers, everything, recorder }
  const loops = controllers.flatMap((controller) => {
    const own: WorkQueue[] = []
    const queue: ControllerContext['queue'] = (name, settings = {}) => {
      const created = new WorkQueue({ name, clock, observer: queueObserver, ...settings })
      own.push(created)
      return created
    }
    const run = controller.start({ ...common, queue })
    if (!run) return []
    queues.push(...own)
    health.started(controller.name, own)
    return [{ name: controller.name, run }]
  })
  informers.start(signal)
  void everything.run(signal)
  try {
    await informers.waitForSync(signal)
  } catch (error) {
    // told to end before it had begun
    if (signal.aborted) return
    throw error
  }
  log.info({ controllers: loops.map(({ name }) => name) }, 'controllers started')
  await Promise.all(
    loops.map(async ({ name, run }) => {
      await run(signal)
      health.ended(name)
      if (!signal.aborted) throw new Error(`${name} ended`)
    }),
  )
  await Promise.all(recorders.map((each) => each.flush()))
}
