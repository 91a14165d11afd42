import { namespaces, nodes, pods } from '@kubets/shared/api/resources.gen.ts'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { InformerFactory } from '@kubets/shared/client/informer.ts'
import { isResizing } from '@kubets/shared/api/resize.ts'
import { deepEqual } from '@kubets/shared/machinery/deep.ts'
import type { Cache } from './cache/cache.ts'
import { podInfo } from './cache/pod-info.ts'
import type { SchedulingQueue } from './queue/queue.ts'

interface HandlerOptions {
  readonly informers: InformerFactory
  readonly cache: Cache
  readonly queue: SchedulingQueue
  /** Pods that name one of these are ours. */
  readonly schedulerNames: { has(name: string): boolean }
  readonly handling: Handling
}

/** Runs the work that an event brings, and learns how long it took. */
export type Handling = (event: string, work: () => void) => void

type Place = 'assigned' | 'pending' | 'none'

/** Feeds the cache and the queue from the informers. */
// pkg/scheduler/eventhandlers.go
export function addHandlers({ informers, cache, queue, schedulerNames, handling }: HandlerOptions): void {
  const place = ({ spec, status }: Pod): Place => {
    if (status?.phase === 'Succeeded' || status?.phase === 'Failed') return 'none'
    if (spec.nodeName) return 'assigned'
    return schedulerNames.has(spec.schedulerName ?? '') ? 'pending' : 'none'
  }
  const added = (pod: Pod): void => {
    const where = place(pod)
    if (where === 'assigned') {
      const info = cache.setPod(pod)
      queue.move(() => ({ kind: 'AssignedPodAdd', pod: info }))
    } else if (where === 'pending') {
      const info = podInfo(pod)
      cache.nominator.set(info)
      queue.add(info)
    }
  }
  const removed = (pod: Pod): void => {
    const uid = pod.metadata.uid ?? ''
    queue.delete(uid)
    const held = place(pod) === 'assigned' || cache.isAssumed(uid)
    const waited = cache.nominator.nodeOf(uid) !== ''
    cache.removePod(uid)
    cache.nominator.delete(uid)
    if (held) queue.move(() => ({ kind: 'AssignedPodDelete', pod: podInfo(pod) }))
    else if (waited) freed(pod)
  }
  /** The place that the Pod waited for is free for those that had to leave it to it. */
  const freed = (pod: Pod): void =>
    queue.move(() => ({ kind: 'AssignedPodDelete', pod: podInfo(pod) }), pod.spec.priority ?? 0)
  const updated = (old: Pod, pod: Pod): void => {
    const uid = pod.metadata.uid ?? ''
    if (old.metadata.uid !== uid) {
      removed(old)
      added(pod)
      return
    }
    const [before, now] = [place(old), place(pod)]
    if (now === 'none') {
      if (before !== 'none') removed(old)
    } else if (before !== now) {
      queue.delete(uid)
      cache.nominator.delete(uid)
      added(pod)
    } else if (now === 'assigned') {
      const info = cache.setPod(pod)
      if (mattersToOthers(old, pod)) queue.move(() => ({ kind: 'AssignedPodUpdate', old: podInfo(old), pod: info }))
    } else if (!cache.isAssumed(uid)) {
      const info = podInfo(pod)
      const node = cache.nominator.nodeOf(uid)
      cache.nominator.update(podInfo(old), info)
      queue.update(info, relevantChange(old, pod))
      if (node !== '' && cache.nominator.nodeOf(uid) !== node) freed(pod)
    }
  }

  const eventOf = (pod: Pod, what: 'Add' | 'Update' | 'Delete'): string =>
    `${pod.spec.nodeName ? 'AssignedPod' : 'UnscheduledPod'}${what}`
  informers.informer(pods).addHandler({
    add: (pod) => handling(eventOf(pod, 'Add'), () => added(pod)),
    update: (old, pod) => handling(eventOf(pod, 'Update'), () => updated(old, pod)),
    delete: (pod) => handling(eventOf(pod, 'Delete'), () => removed(pod)),
  })
  informers.informer(nodes).addHandler({
    add: (node) =>
      handling('NodeAdd', () => {
        cache.setNode(node)
        queue.move(() => ({ kind: 'NodeAdd', node }))
      }),
    update: (old, node) =>
      handling('NodeUpdate', () => {
        cache.setNode(node)
        queue.move(() => ({ kind: 'NodeUpdate', old, node }))
      }),
    delete: (node) =>
      handling('NodeDelete', () => {
        cache.removeNode(node.metadata.name ?? '')
        queue.move(() => ({ kind: 'NodeDelete', node }))
      }),
  })
  informers.informer(namespaces).addHandler({
    add: (namespace) => handling('NamespaceAdd', () => cache.setNamespace(namespace)),
    update: (old, namespace) =>
      handling('NamespaceUpdate', () => {
        cache.setNamespace(namespace)
        if (!deepEqual(old.metadata.labels, namespace.metadata.labels)) queue.move(() => ({ kind: 'NamespaceUpdate' }))
      }),
    delete: (namespace) => handling('NamespaceDelete', () => cache.removeNamespace(namespace.metadata.name ?? '')),
  })
}

/** Whether a running Pod's change can make room: kubelets report a status many times, which never does. */
// pkg/scheduler/framework/events.go PodSchedulingPropertiesChange
export function mattersToOthers(old: Pod, pod: Pod): boolean {
  const { generation, deletionTimestamp, labels } = pod.metadata
  return (
    generation === undefined ||
    generation !== old.metadata.generation ||
    isResizing(old) ||
    isResizing(pod) ||
    deletionTimestamp !== old.metadata.deletionTimestamp ||
    !deepEqual(labels, old.metadata.labels)
  )
}

/** Something other than the status changed, or claims were made for the Pod. */
// pkg/scheduler/framework/events.go PodSchedulingPropertiesChange
function relevantChange(old: Pod, pod: Pod): boolean {
  return (
    !deepEqual(old.spec, pod.spec) ||
    !deepEqual(old.metadata.labels, pod.metadata.labels) ||
    !deepEqual(old.status?.resourceClaimStatuses, pod.status?.resourceClaimStatuses)
  )
}
