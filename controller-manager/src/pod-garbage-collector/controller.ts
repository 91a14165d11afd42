import { nodes as nodesRef, pods as podsRef } from '@kubets/shared/api/resources.gen.ts'
import { isPodTerminal } from '@kubets/shared/api/pod.ts'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { isNotFound } from '@kubets/shared/machinery/errors.ts'
import type { Controller, ControllerContext, Run } from '../context.ts'
import { messageOf } from '../failure.ts'
import { disrupt } from '../pods/disrupt.ts'
import { runLoop } from '../run-loop.ts'
import { plan } from './plan.ts'

const name = 'pod-garbage-collector-controller'
const pass = 'pass'
// pkg/controller/podgc/gc_controller.go gcCheckPeriod
const periodMs = 20_000

const start = (context: ControllerContext): Run => {
  const { client, informers, clock, options } = context
  const pods = informers.informer(podsRef)
  const nodes = informers.informer(nodesRef)
  const queue = context.queue(name)
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

  const remove = async (pod: Pod, signal: AbortSignal, message?: string): Promise<void> => {
    await disrupt(client, pod, {
      ...(message && !isPodTerminal(pod) ? { because: { reason: 'DeletionByPodGC', message } } : {}),
      ...(isPodTerminal(pod) ? {} : { phase: 'Failed' as const }),
      gracePeriodSeconds: 0,
      now: clock.now(),
      signal,
    })
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
    const removeAll = async (all: readonly Pod[], message?: string): Promise<void> => {
      for (const pod of all) await attempt(remove(pod, signal, message))
    }
    await removeAll([...actions.finished, ...actions.outOfService, ...actions.unplaced])
    const removeOrphans = async (node: string, orphans: readonly Pod[]): Promise<void> => {
      if (await nodeIsGone(node, signal)) await removeAll(orphans, 'PodGC: node no longer exists')
    }
    for (const [node, orphans] of actions.orphaned) await attempt(removeOrphans(node, orphans))
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
