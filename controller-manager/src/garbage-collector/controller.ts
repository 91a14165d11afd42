import type { ObjectReference } from '@kubets/shared/api/types/core-v1.ts'
import type { Controller, ControllerContext, Run } from '../context.ts'
import { runLoop } from '../run-loop.ts'
import { Collector } from './collect.ts'
import { OwnerGraph } from './graph.ts'
import type { GraphNode, Work } from './graph.ts'
import { KindMap } from './kinds.ts'

const name = 'garbage-collector-controller'
// How long an owner that is there may stay unseen by the watches before it is looked at again.
const unseenMs = 5000

const start = (context: ControllerContext): Run => {
  const { client, everything } = context
  const graph = new OwnerGraph()
  const kinds = new KindMap()
  const checks = context.queue(name)
  const orphans = context.queue(`${name}-orphan`)

  const recorder = context.recorder(name)

  // graph_builder.go reportInvalidNamespaceOwnerRef
  const report = ({ node, reference }: Work['misplaced'][number]): void => {
    const { apiVersion, kind, name: owner, uid } = reference
    const namespace = node.namespace ?? ''
    const shown = `[${apiVersion}/${kind}, namespace: ${namespace}, name: ${owner}, uid: ${uid}]`
    const message = `ownerRef ${shown} does not exist in namespace ${JSON.stringify(namespace)}`
    recorder.event(referenceTo(node), 'Warning', 'OwnerRefInvalidNamespace', message)
  }
  const take = ({ check, orphan, misplaced }: Work): void => {
    for (const uid of check) checks.add(uid)
    for (const uid of orphan) orphans.add(uid)
    for (const each of misplaced) report(each)
  }
  everything.addHandler({
    discovered: (resources) => kinds.replace(resources),
    put: (object, ref) => take(graph.put(object, ref)),
    remove: (uid) => take(graph.remove(uid)),
  })
  const collector = new Collector({
    client,
    kinds,
    gone: (uid) => take(graph.remove(uid)),
    check: (uid) => checks.add(uid),
    checkLater: (uid) => checks.addAfter(uid, unseenMs),
  })

  const collect = runLoop(context, {
    name,
    queue: checks,
    workers: context.options.syncs.gc,
    reconcile: async (uid, signal) => {
      const node = graph.get(uid)
      if (node) await collector.collect(node, signal)
    },
  })
  const letGo = runLoop(context, {
    name: `${name}-orphan`,
    queue: orphans,
    workers: context.options.syncs.gc,
    reconcile: async (uid, signal) => {
      const node = graph.get(uid)
      if (node?.orphaning) await collector.orphan(node, signal)
    },
  })

  return async (signal) => {
    // Without the whole graph a foreground deletion would end too early.
    await everything.whenReady
    await Promise.all([collect(signal), letGo(signal)])
  }
}

const referenceTo = ({ apiVersion, kind, name: own, namespace, uid }: GraphNode): ObjectReference => ({
  apiVersion,
  kind,
  name: own,
  ...(namespace === undefined ? {} : { namespace }),
  uid,
})

// pkg/controller/garbagecollector/garbagecollector.go
export const garbageCollectorController: Controller = { name, start }
