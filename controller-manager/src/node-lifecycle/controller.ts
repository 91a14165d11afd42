import { leases as leasesRef, nodes as nodesRef, pods as podsRef } from '@kubets/shared/api/resources.gen.ts'
import { isPodReady } from '@kubets/shared/api/pod.ts'
import type { Node, Pod } from '@kubets/shared/api/types/core-v1.ts'
import { isConflict, isNotFound } from '@kubets/shared/machinery/errors.ts'
import { formatTime } from '@kubets/shared/machinery/time.ts'
import type { Controller, ControllerContext, Run } from '../context.ts'
import { indexByNode } from '../pods/by-node.ts'
import { runLoop } from '../run-loop.ts'
import { isRelevantChange, noMemory, plan } from './plan.ts'
import type { NodeChange } from './plan.ts'

const name = 'node-lifecycle-controller'
const pass = 'pass'

const start = (context: ControllerContext): Run => {
  const { client, informers, clock, options } = context
  const recorder = context.recorder('node-controller')
  const nodes = informers.informer(nodesRef)
  const pods = informers.informer(podsRef)
  const leases = informers.informer(leasesRef, { namespace: 'kube-node-lease' })
  const podsOf = indexByNode(pods)
  const queue = context.queue(name)
  let memory = noMemory

  const tell = (node: Node, type: 'Normal' | 'Warning', reason: string, message: string): void => {
    const nodeName = node.metadata.name ?? ''
    recorder.event({ kind: 'Node', apiVersion: 'v1', name: nodeName, uid: node.metadata.uid }, type, reason, message)
  }

  nodes.addHandler({
    add: (node) => {
      const nodeName = node.metadata.name ?? ''
      tell(node, 'Normal', 'RegisteredNode', `Node ${nodeName} event: Registered Node ${nodeName} in Controller`)
      queue.add(pass)
    },
    update: (old, node) => {
      if (isRelevantChange(old, node)) queue.add(pass)
    },
    delete: (node) => {
      const nodeName = node.metadata.name ?? ''
      tell(node, 'Normal', 'RemovingNode', `Node ${nodeName} event: Removing Node ${nodeName} from Controller`)
    },
  })

  const apply = async ({ node, conditions, taints, event }: NodeChange, signal: AbortSignal): Promise<void> => {
    const { name: nodeName = '' } = node.metadata
    let { resourceVersion } = node.metadata
    try {
      if (conditions) {
        if (event !== undefined) tell(node, 'Normal', 'NodeNotReady', event)
        const written = await client.update(nodesRef, node, { subresource: 'status', signal })
        resourceVersion = written.metadata.resourceVersion
      }
      // A merge patch replaces the list as a whole; the version makes sure that it is the list we read.
      if (taints)
        await client.patch(
          nodesRef,
          nodeName,
          { metadata: { resourceVersion }, spec: { taints } },
          { type: 'merge', signal },
        )
    } catch (error) {
      // The newer node is on its way to the cache, or the node is gone.
      if (!isConflict(error) && !isNotFound(error)) throw error
    }
  }

  // Nobody else can: the kubelet that would is out of touch.
  // pkg/controller/util/node/controller_utils.go MarkPodsNotReady
  const markNotReady = async (pod: Pod, signal: AbortSignal): Promise<void> => {
    const { name: podName = '', namespace, uid } = pod.metadata
    const condition = { type: 'Ready', status: 'False', lastTransitionTime: formatTime(clock.now()) }
    try {
      await client.patch(
        podsRef,
        podName,
        { metadata: { uid }, status: { conditions: [condition] } },
        { type: 'strategic', subresource: 'status', namespace, signal },
      )
      recorder.event(pod, 'Warning', 'NodeNotReady', 'Node is not ready')
    } catch (error) {
      if (!isNotFound(error) && !isConflict(error)) throw error
    }
  }

  const reconcile = async (_: string, signal: AbortSignal): Promise<void> => {
    queue.addAfter(pass, options.nodeMonitorPeriodMs)
    const seen = {
      ...options,
      nodes: nodes.lister.list(),
      renewTime: (node: string) => leases.lister.get(node, 'kube-node-lease')?.spec.renewTime,
      memory,
    }
    const result = plan(seen, clock.now())
    memory = result.memory
    const readyPods = result.lost.flatMap((node) => podsOf(node)).filter(isPodReady)
    const outcomes = await Promise.allSettled([
      ...result.changes.map((change) => apply(change, signal)),
      ...readyPods.map((pod) => markNotReady(pod, signal)),
    ])
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
  }

  const run = runLoop(context, { name, queue, workers: 1, reconcile })
  return (signal) => {
    queue.add(pass)
    return run(signal)
  }
}

// pkg/controller/nodelifecycle/node_lifecycle_controller.go
export const nodeLifecycleController: Controller = { name, start }
