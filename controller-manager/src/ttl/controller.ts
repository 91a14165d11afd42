import { nodes as nodesRef } from '@kubets/shared/api/resources.gen.ts'
import type { Node } from '@kubets/shared/api/types/core-v1.ts'
import { isNotFound } from '@kubets/shared/machinery/errors.ts'
import { objectKey } from '@kubets/shared/machinery/object.ts'
import type { Controller, ControllerContext, Run } from '../context.ts'
import { runLoop } from '../run-loop.ts'
import { annotation, differs, nextStep, ttlOf } from './plan.ts'

const name = 'ttl-controller'

const start = (context: ControllerContext): Run => {
  const { client, informers } = context
  const nodes = informers.informer(nodesRef)
  const queue = context.queue(name)
  let count = 0
  let step = 0
  const counted = (change: number): void => {
    count += change
    step = nextStep(step, count)
  }
  // a node's next heartbeat brings it back when the number of nodes has changed what it is to say
  const enqueue = (node: Node): void => {
    if (differs(node, ttlOf(step))) queue.add(objectKey(node))
  }
  nodes.addHandler({
    add: (node) => {
      counted(1)
      enqueue(node)
    },
    update: (_, node) => enqueue(node),
    delete: () => counted(-1),
  })

  const reconcile = async (key: string, signal: AbortSignal): Promise<void> => {
    const node = nodes.lister.byKey(key)
    const ttl = ttlOf(step)
    if (!node || !differs(node, ttl)) return
    try {
      await client.patch(
        nodesRef,
        key,
        { metadata: { annotations: { [annotation]: ttl } } },
        { type: 'strategic', signal },
      )
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }
  return runLoop(context, { name, queue, workers: 5, reconcile })
}

// pkg/controller/ttl/ttl_controller.go
export const ttlController: Controller = { name, start }
