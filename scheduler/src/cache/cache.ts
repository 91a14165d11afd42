import type { Namespace, Node, Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { Selector } from '@kubets/shared/machinery/selector.ts'
import { NodeInfo } from './node-info.ts'
import { Nominator } from './nominator.ts'
import { podInfo, type PodInfo } from './pod-info.ts'
import type { Snapshot } from './snapshot.ts'

/**
 * Nodes with their Pods, kept by what the informers say and by what this scheduler just decided: a Pod is assumed on
 * its node as soon as the node is chosen, long before the API knows. An assumed Pod stays until the API confirms it,
 * the Pod is deleted, or the binding fails (pkg/scheduler/scheduler.go durationToExpireAssumedPod is 0: no expiry).
 */
// pkg/scheduler/backend/cache/cache.go cacheImpl
export class Cache implements Snapshot {
  readonly nominator = new Nominator()
  readonly nodesWithAffinity = new Set<NodeInfo>()
  readonly nodesWithRequiredAntiAffinity = new Set<NodeInfo>()
  readonly #byName = new Map<string, NodeInfo>()
  /** Node name by Pod uid. */
  readonly #placed = new Map<string, string>()
  readonly #assumed = new Set<string>()
  readonly #imageNodes = new Map<string, number>()
  readonly #claimUsers = new Map<string, number>()
  readonly #namespaces = new Map<string, Readonly<Record<string, string>>>()
  readonly #siblings: (pod: PodInfo) => Selector | undefined
  #nodes: NodeInfo[] | undefined

  constructor(siblings: (pod: PodInfo) => Selector | undefined) {
    this.#siblings = siblings
  }

  get nodes(): readonly NodeInfo[] {
    this.#nodes ??= interleaveZones([...this.#byName.values()].filter((info) => info.node))
    return this.#nodes
  }

  node(name: string): NodeInfo | undefined {
    const info = this.#byName.get(name)
    return info?.node ? info : undefined
  }

  nominated(node: string): Iterable<PodInfo> {
    return this.nominator.on(node)
  }

  nominationOf({ uid }: PodInfo): string {
    return this.nominator.nodeOf(uid)
  }

  imageNodes(image: string): number {
    return this.#imageNodes.get(image) ?? 0
  }

  claimUsers(key: string): number {
    return this.#claimUsers.get(key) ?? 0
  }

  namespaceLabels(namespace: string): Readonly<Record<string, string>> {
    return this.#namespaces.get(namespace) ?? {}
  }

  siblings(pod: PodInfo): Selector | undefined {
    return this.#siblings(pod)
  }

  get assumedPods(): number {
    return this.#assumed.size
  }

  setNamespace(namespace: Namespace): void {
    this.#namespaces.set(namespace.metadata.name ?? '', namespace.metadata.labels ?? {})
  }

  removeNamespace(name: string): void {
    this.#namespaces.delete(name)
  }

  /** A node is new or changed. */
  setNode(node: Node): void {
    const info = this.#info(node.metadata.name ?? '')
    const zoneBefore = info.node && zoneOf(info)
    this.#countImages(info, -1)
    info.setNode(node)
    this.#countImages(info, 1)
    if (zoneBefore === undefined || zoneBefore !== zoneOf(info)) this.#nodes = undefined
  }

  removeNode(name: string): void {
    const info = this.#byName.get(name)
    if (!info) return
    this.#countImages(info, -1)
    info.setNode(undefined)
    this.#nodes = undefined
    if (info.pods.size === 0) this.#byName.delete(name)
  }

  /** The API says where a Pod runs; that is the truth, whatever was assumed. */
  setPod(pod: Pod): void {
    const info = podInfo(pod)
    this.#assumed.delete(info.uid)
    this.#place(info, pod.spec.nodeName ?? '')
  }

  removePod(uid: string): void {
    const name = this.#placed.get(uid)
    const node = name === undefined ? undefined : this.#byName.get(name)
    this.#assumed.delete(uid)
    this.#placed.delete(uid)
    if (!node) return
    this.#countClaims(node.pods.get(uid), -1)
    node.removePod(uid)
    this.#index(node)
    if (!node.node && node.pods.size === 0) this.#byName.delete(node.name)
  }

  /** Takes the place on the node for a Pod that is about to be bound. */
  assume(pod: PodInfo, node: string): void {
    this.#assumed.add(pod.uid)
    this.nominator.delete(pod.uid)
    this.#place(pod, node)
  }

  /** Gives the place back; nothing happens when the API has confirmed the Pod in the meantime. */
  forget(uid: string): void {
    if (this.#assumed.has(uid)) this.removePod(uid)
  }

  isAssumed(uid: string): boolean {
    return this.#assumed.has(uid)
  }

  #place(pod: PodInfo, nodeName: string): void {
    const before = this.#placed.get(pod.uid)
    if (before !== undefined && before !== nodeName) {
      const assumed = this.#assumed.has(pod.uid)
      this.removePod(pod.uid)
      if (assumed) this.#assumed.add(pod.uid)
    }
    const node = this.#info(nodeName)
    this.#countClaims(node.pods.get(pod.uid), -1)
    node.addPod(pod)
    this.#countClaims(pod, 1)
    this.#placed.set(pod.uid, nodeName)
    this.#index(node)
  }

  #index(node: NodeInfo): void {
    if (node.podsWithAffinity.size > 0) this.nodesWithAffinity.add(node)
    else this.nodesWithAffinity.delete(node)
    if (node.podsWithRequiredAntiAffinity.size > 0) this.nodesWithRequiredAntiAffinity.add(node)
    else this.nodesWithRequiredAntiAffinity.delete(node)
  }

  #info(name: string): NodeInfo {
    let info = this.#byName.get(name)
    if (!info) this.#byName.set(name, (info = new NodeInfo(name)))
    return info
  }

  #countClaims(pod: PodInfo | undefined, sign: 1 | -1): void {
    for (const key of pod?.claims ?? []) {
      const count = this.claimUsers(key) + sign
      if (count > 0) this.#claimUsers.set(key, count)
      else this.#claimUsers.delete(key)
    }
  }

  #countImages(info: NodeInfo, sign: 1 | -1): void {
    for (const image of info.images.keys()) {
      const count = this.imageNodes(image) + sign
      if (count > 0) this.#imageNodes.set(image, count)
      else this.#imageNodes.delete(image)
    }
  }
}

function zoneOf(info: NodeInfo): string {
  return `${info.labels['topology.kubernetes.io/region'] ?? ''}/${info.labels['topology.kubernetes.io/zone'] ?? ''}`
}

/** Orders nodes zone by turns, so that the first ones looked at already lie in different zones. */
// pkg/scheduler/backend/cache/node_tree.go nodeTree.list
function interleaveZones(nodes: readonly NodeInfo[]): NodeInfo[] {
  const zones = [...Map.groupBy(nodes, zoneOf).values()]
  const result: NodeInfo[] = []
  for (let i = 0; result.length < nodes.length; i++) {
    for (const zone of zones) {
      const node = zone[i]
      if (node) result.push(node)
    }
  }
  return result
}
