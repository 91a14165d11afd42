import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { deepEqual } from '@kubets/shared/machinery/deep.ts'
import { controllerOf, objectKey } from '@kubets/shared/machinery/object.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import type { Informer } from '@kubets/shared/client/informer.ts'
import type { Expectations } from '../pods/expectations.ts'

interface PodEvents<T> {
  pods: Informer<Pod>
  owners: Informer<T & KubeObject>
  /** The kind a controller reference must name. */
  ownerKind: string
  matches: (owner: T, labels: Record<string, string>) => boolean
  /** Not there for owners whose Pods have fixed names: nothing is created twice. */
  expectations?: Expectations
  enqueue: (key: string) => void
}

/** Turns what happens to Pods into keys of the owners to look at, and into met expectations. */
// pkg/controller/replicaset/replica_set.go addPod, updatePod, deletePod
export const watchPods = <T extends KubeObject>(events: PodEvents<T>): void => {
  const { pods, owners, ownerKind, matches, expectations, enqueue } = events

  const ownerKey = (pod: Pod): string | undefined => {
    const reference = controllerOf(pod)
    if (reference?.kind !== ownerKind) return undefined
    const owner = owners.lister.get(reference.name, pod.metadata.namespace)
    return owner?.metadata.uid === reference.uid ? objectKey(owner) : undefined
  }

  const enqueueMatching = (pod: Pod): void => {
    for (const owner of owners.lister.list(pod.metadata.namespace))
      if (matches(owner, pod.metadata.labels ?? {})) enqueue(objectKey(owner))
  }

  const going = (pod: Pod): void => {
    const key = ownerKey(pod)
    if (!key) return
    expectations?.deletionSeen(key, objectKey(pod))
    enqueue(key)
  }

  pods.addHandler({
    add: (pod) => {
      if (pod.metadata.deletionTimestamp !== undefined) return going(pod)
      const key = ownerKey(pod)
      if (key) {
        expectations?.creationSeen(key)
        enqueue(key)
      } else if (!controllerOf(pod)) enqueueMatching(pod)
    },
    update: (old, pod) => {
      if (old.metadata.resourceVersion === pod.metadata.resourceVersion) return
      if (old.metadata.uid !== pod.metadata.uid) going(old)
      const labelsChanged = !deepEqual(old.metadata.labels, pod.metadata.labels)
      const ownerChanged = controllerOf(old)?.uid !== controllerOf(pod)?.uid
      if (pod.metadata.deletionTimestamp !== undefined) {
        going(pod)
        if (labelsChanged) going(old)
        return
      }
      const oldKey = ownerChanged ? ownerKey(old) : undefined
      if (oldKey) enqueue(oldKey)
      const key = ownerKey(pod)
      if (key) enqueue(key)
      else if (!controllerOf(pod) && (labelsChanged || ownerChanged)) enqueueMatching(pod)
    },
    delete: going,
  })
}
