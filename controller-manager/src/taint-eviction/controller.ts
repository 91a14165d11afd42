import { nodes as nodesRef, pods as podsRef } from '@kubets/shared/api/resources.gen.ts'
import type { Node, ObjectReference } from '@kubets/shared/api/types/core-v1.ts'
import { deepEqual } from '@kubets/shared/machinery/deep.ts'
import { objectKey, splitKey } from '@kubets/shared/machinery/object.ts'
import type { Controller, ControllerContext, Run } from '../context.ts'
import { indexByNode } from '../pods/by-node.ts'
import { disrupt } from '../pods/disrupt.ts'
import { runLoop } from '../run-loop.ts'
import { evictionMetrics } from './metrics.ts'
import { cancelledText, evictedText, evictionTime } from './plan.ts'

const name = 'taint-eviction-controller'
const workers = 8
const reason = 'TaintManagerEviction'

const referenceTo = (key: string): ObjectReference => ({ apiVersion: 'v1', kind: 'Pod', ...splitKey(key) })

const start = (context: ControllerContext): Run => {
  const { client, informers, clock } = context
  const recorder = context.recorder(name)
  const nodes = informers.informer(nodesRef)
  const pods = informers.informer(podsRef)
  const podsOf = indexByNode(pods)
  const queue = context.queue(name)
  const counts = evictionMetrics(context.registry, {
    prefix: 'taint_eviction_controller',
    of: '',
    controller: 'TaintEvictionController',
  })
  /** Since when the taints of its node are tolerated for a time, by the Pod's key. */
  const tolerated = new Map<string, number>()

  const enqueuePodsOf = (node: Node): void => {
    for (const pod of podsOf(node.metadata.name ?? '')) queue.add(objectKey(pod))
  }
  nodes.addHandler({
    add: (node) => {
      if ((node.spec.taints ?? []).length > 0) enqueuePodsOf(node)
    },
    update: (old, node) => {
      if (!deepEqual(old.spec.taints, node.spec.taints)) enqueuePodsOf(node)
    },
  })
  pods.addHandler({
    add: (pod) => {
      if (pod.spec?.nodeName) queue.add(objectKey(pod))
    },
    update: (old, pod) => {
      if (old.spec?.nodeName !== pod.spec?.nodeName || !deepEqual(old.spec?.tolerations, pod.spec?.tolerations))
        queue.add(objectKey(pod))
    },
    delete: (pod) => {
      if (tolerated.has(objectKey(pod))) queue.add(objectKey(pod))
    },
  })

  const reconcile = async (key: string, signal: AbortSignal): Promise<void> => {
    const pod = pods.lister.byKey(key)
    const now = clock.now()
    const times = { now, since: tolerated.get(key) ?? now }
    const due = pod?.spec?.nodeName ? evictionTime(pod, nodes.lister.get(pod.spec.nodeName), times) : undefined
    if (!pod || due === undefined) {
      // it was to go, and is let be, or has gone by itself
      if (tolerated.delete(key)) recorder.event(pod ?? referenceTo(key), 'Normal', reason, cancelledText(key))
      return
    }
    if (due > now) {
      tolerated.set(key, times.since)
      return queue.addAfter(key, due - now)
    }
    recorder.event(pod, 'Normal', reason, evictedText(key))
    const because = {
      reason: 'DeletionByTaintManager',
      message: 'Taint manager: deleting due to NoExecute taint',
    }
    await disrupt(client, pod, { because, now, signal })
    counts.deleted((clock.now() - due) / 1000)
    tolerated.delete(key)
  }

  return runLoop(context, { name, queue, workers, reconcile })
}

// pkg/controller/tainteviction/taint_eviction.go
export const taintEvictionController: Controller = { name, start }
