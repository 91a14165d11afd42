import type { Registry } from 'prom-client'
import type { Client } from '@kubets/shared/client/client.ts'
import type { ReconcileMetrics } from '@kubets/shared/client/controller.ts'
import type { EventRecorder } from '@kubets/shared/client/events.ts'
import type { InformerFactory } from '@kubets/shared/client/informer.ts'
import type { WorkQueue } from '@kubets/shared/client/workqueue.ts'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import type { Logger } from '@kubets/shared/machinery/logger.ts'
import type { Everything } from './discovery/everything.ts'
import type { AutoscalingMetrics } from './horizontal-pod-autoscaler/metrics.ts'
import type { BatchMetrics } from './job/metrics.ts'
import type { Options } from './options.ts'

/** What every controller is given: nothing else of the process is visible to it. */
export interface ControllerContext {
  client: Client
  /** One informer per resource, shared by all controllers. */
  informers: InformerFactory
  /** The metadata of all objects of all kinds, shared likewise. */
  everything: Everything
  clock: Clock
  log: Logger
  metrics: ReconcileMetrics
  autoscalingMetrics: AutoscalingMetrics
  batchMetrics: BatchMetrics
  /** Where a controller shows what it alone counts. */
  registry: Registry
  options: Options
  /** A queue that the metrics show under its name; the wait after a key's failures grows from `baseDelayMs` to `maxDelayMs`. */
  queue: (name: string, options?: { baseDelayMs?: number; maxDelayMs?: number }) => WorkQueue
  /** Records events under the given component name. */
  recorder: (component: string) => EventRecorder
}

/** Runs until the signal aborts; called when the informers asked for in `start` have synced. */
export type Run = (signal: AbortSignal) => Promise<void>

/** A controller as the ordered list in controllers.ts names it. */
export interface Controller {
  /** Upstream's name, as --controllers takes it. */
  name: string
  /** Asks for informers and hangs handlers on them; returns the loop, or undefined where options switch it off. */
  start: (context: ControllerContext) => Run | undefined
}
