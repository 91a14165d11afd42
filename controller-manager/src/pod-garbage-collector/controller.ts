import { nodes as nodesRef, pods as podsRef } from '@kubets/shared/api/resources.gen.ts'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { isNotFound } from '@kubets/shared/machinery/errors.ts'
import type { Controller, ControllerContext, Run } from '../context.ts'
import { messageOf } from '../failure.ts'
import { disrupt } from '../pods/disrupt.ts'
import { runLoop } from '../run-loop.ts'
import { collectionMetrics } from './metrics.ts'
import type { Reason } from './metrics.ts'
import { endOf, plan } from './plan.ts'

const name = 'pod-garbage-collector-controller'
const pass = 'pass'
// pkg/controller/podgc/gc_controller.go gcCheckPeriod
const periodMs = 20_000

const start = (context: ControllerContext): Run => {
  const { client, informers, clock, options } = context
  const pods = informers.informer(podsRef)
  const nodes = informers.informer(nodesRef)
  const queue = context.queue(name)
  const counts = collectionMetrics(context.registry)
  let missing: ReadonlyMap<string, number> = new Map()

  const nodeIsGone = async (node: string, signal: AbortSignal): Promise<boolean> => {
    try {
      await client.get(nodesRef, node, { signal })
      return false
    } catch (error) {
      if (isNotFound(error)) return true
      throw error
    }
  }

  // pkg/controller/podgc/gc_controller.go markFailedAndDeletePodWithCondition
  const remove = async (pod: Pod, reason: Reason, signal: AbortSignal): Promise<void> => {
    try {
      await disrupt(client, pod, { ...endOf(pod, reason), gracePeriodSeconds: 0, now: clock.now(), signal })
      counts.removed(pod, reason, false)
    } catch (error) {
      counts.removed(pod, reason, true)
      throw error
    }
  }

  const reconcile = async (_: string, signal: AbortSignal): Promise<void> => {
    queue.addAfter(pass, periodMs)
    const byName = new Map(nodes.lister.list().map((node) => [node.metadata.name ?? '', node]))
    const { terminatedPodThreshold: terminatedThreshold } = options
    const actions = plan({ pods: pods.lister.list(), nodes: byName, missing, terminatedThreshold }, clock.now())
    missing = actions.missing
    const failures: unknown[] = []
    // one that cannot be removed must not keep the others
    const attempt = async (act: Promise<unknown>): Promise<void> => {
      await act.catch((error: unknown) => failures.push(error))
      signal.throwIfAborted()
    }
    const removeAll = async (all: readonly Pod[], reason: Reason): Promise<void> => {
      for (const pod of all) await attempt(remove(pod, reason, signal))
    }
    await removeAll(actions.finished, 'terminated')
    await removeAll(actions.outOfService, 'out-of-service')
    const removeOrphans = async (node: string, orphans: readonly Pod[]): Promise<void> => {
      if (await nodeIsGone(node, signal)) await removeAll(orphans, 'orphaned')
    }
    for (const [node, orphans] of actions.orphaned) await attempt(removeOrphans(node, orphans))
    await removeAll(actions.unplaced, 'unscheduled')
    if (failures.length > 0) throw new Error(failures.map(messageOf).join('; '))
  }

  const run = runLoop(context, { name, queue, workers: 1, reconcile })
  return (signal) => {
    queue.add(pass)
    return run(signal)
  }
}

// pkg/controller/podgc/gc_controller.go
export const podGarbageCollectorController: Controller = { name, start }
