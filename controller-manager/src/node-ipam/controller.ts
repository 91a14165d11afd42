import { nodes as nodesRef } from '@kubets/shared/api/resources.gen.ts'
import { isNotFound } from '@kubets/shared/machinery/errors.ts'
import type { Controller, ControllerContext, Run } from '../context.ts'
import { runLoop } from '../run-loop.ts'
import { plan } from './plan.ts'

const name = 'node-ipam-controller'

const start = (context: ControllerContext): Run | undefined => {
  const { client, informers } = context
  const space = context.options.podCidrs
  if (!space) return undefined
  const recorder = context.recorder('cidrAllocator')
  const nodes = informers.informer(nodesRef)
  const queue = context.queue(name)
  // Ranges given and not in the cache yet, by node; all else is known from the nodes themselves.
  const handedOut = new Map<string, string>()

  nodes.addHandler({
    add: (node) => queue.add(node.metadata.name ?? ''),
    update: (_, node) => {
      if (!node.spec.podCIDR) queue.add(node.metadata.name ?? '')
      else handedOut.delete(node.metadata.name ?? '')
    },
    delete: (node) => handedOut.delete(node.metadata.name ?? ''),
  })

  const reconcile = async (key: string, signal: AbortSignal): Promise<void> => {
    const node = nodes.lister.byKey(key)
    if (!node || node.spec.podCIDR || node.metadata.deletionTimestamp !== undefined) return
    const podCIDR = handedOut.get(key) ?? plan(space, nodes.lister.list(), handedOut.values()).next
    if (podCIDR === undefined) {
      recorder.event(node, 'Normal', 'CIDRNotAvailable', `Node ${key} status is now: CIDRNotAvailable`)
      throw new Error('no Pod CIDR is left in the cluster CIDR')
    }
    handedOut.set(key, podCIDR)
    const patch = { metadata: { uid: node.metadata.uid }, spec: { podCIDR, podCIDRs: [podCIDR] } }
    try {
      await client.patch(nodesRef, key, patch, { type: 'strategic', signal })
    } catch (error) {
      // The request may have reached the server: the range stays with this node until the cache or a retry tells.
      if (!isNotFound(error)) throw error
      handedOut.delete(key)
    }
  }

  // One worker: two could give the same range away.
  return runLoop(context, { name, queue, workers: 1, reconcile })
}

// pkg/controller/nodeipam/node_ipam_controller.go
export const nodeIpamController: Controller = { name, start }
