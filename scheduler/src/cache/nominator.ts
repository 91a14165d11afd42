import type { PodInfo } from './pod-info.ts'

interface Nomination {
  readonly pod: PodInfo
  readonly node: string
}

const nobody: readonly PodInfo[] = []

/** Which waiting Pods are to have a place on which node: less important Pods must not take it meanwhile. */
// pkg/scheduler/backend/queue/nominator.go
export class Nominator {
  readonly #byPod = new Map<string, Nomination>()
  readonly #byNode = new Map<string, Map<string, PodInfo>>()

  /** The Pods that wait for the node. */
  on(node: string): Iterable<PodInfo> {
    return this.#byNode.get(node)?.values() ?? nobody
  }

  /** The node that the Pod waits for; empty: none. */
  nodeOf(uid: string): string {
    return this.#byPod.get(uid)?.node ?? ''
  }

  /** Gives the Pod this node; by default the one that its status names. None takes its nomination back. */
  set(pod: PodInfo, node: string = pod.pod.status?.nominatedNodeName ?? ''): void {
    this.delete(pod.uid)
    if (node === '') return
    this.#byPod.set(pod.uid, { pod, node })
    let pods = this.#byNode.get(node)
    if (!pods) this.#byNode.set(node, (pods = new Map()))
    pods.set(pod.uid, pod)
  }

  /**
   * The waiting Pod was changed. While neither its old nor its new status names a node, what was decided here stays:
   * the status that tells of it is still on its way.
   */
  update(old: PodInfo, pod: PodInfo): void {
    const named = old.pod.status?.nominatedNodeName || pod.pod.status?.nominatedNodeName
    this.set(pod, named ? undefined : this.nodeOf(pod.uid))
  }

  delete(uid: string): void {
    const nomination = this.#byPod.get(uid)
    if (!nomination) return
    this.#byPod.delete(uid)
    const pods = this.#byNode.get(nomination.node)
    pods?.delete(uid)
    if (pods?.size === 0) this.#byNode.delete(nomination.node)
  }
}
