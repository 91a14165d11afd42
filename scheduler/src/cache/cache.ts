import type { Namespace, Node, Pod } from '@kubets/shared/api/types/core-v1.ts'
import { deepEqual } from '@kubets/shared/machinery/deep.ts'
import type { Selector } from '@kubets/shared/machinery/selector.ts'
import { NodeInfo } from './node-info.ts'
import { Nominator } from './nominator.ts'
import { groupsByLabels, groupsByTerms, groupsLike, groupsMeaning, type PodGroup } from './pod-groups.ts'
import { podInfo, podInfoAfter, type PodInfo } from './pod-info.ts'
import type { NodeTopologies, Snapshot } from './snapshot.ts'

/** Topology keys for which the nodes' places are kept; one more and they are forgotten. */
const maxTopologies = 64

/**
 * Nodes with their Pods, kept by what the informers say and by what this scheduler just decided: a Pod is assumed on
 * its node as soon as the node is chosen, long before the API knows. An assumed Pod stays until the API confirms it,
 * the Pod is deleted, or the binding fails (pkg/scheduler/scheduler.go durationToExpireAssumedPod is 0: no expiry).
 */
// pkg/scheduler/backend/cache/cache.go cacheImpl
export class Cache implements Snapshot {
  readonly nominator = new Nominator()
  readonly #byLabels = groupsByLabels()
  readonly #byTerms = groupsByTerms()
  /** What was asked about the nodes' labels since they last changed. */
  readonly #topologies = new Map<string, NodeTopologies>()
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

  topologies(key: string): NodeTopologies {
    const known = this.#topologies.get(key)
    if (known) return known
    if (this.#topologies.size >= maxTopologies) this.#topologies.clear()
    const places = new Map<string, number[]>()
    let total = 0
    this.nodes.forEach(({ labels }, place) => {
      const value = labels[key]
      if (value === undefined) return
      const inTopology = places.get(value)
      if (inTopology) inTopology.push(place)
      else places.set(value, [place])
      total++
    })
    const topologies = { places, total }
    this.#topologies.set(key, topologies)
    return topologies
  }

  podsLike(selector: Selector): Iterable<PodGroup> {
    return groupsLike(this.#byLabels, selector)
  }

  podsMeaning({ labels }: PodInfo): Iterable<PodGroup> {
    return groupsMeaning(this.#byTerms, labels)
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

  get podCount(): number {
    return this.#placed.size
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
    const before = info.node?.metadata.labels
    this.#countImages(info, -1)
    info.setNode(node)
    this.#countImages(info, 1)
    if (zoneBefore === undefined || zoneBefore !== zoneOf(info)) this.#nodes = undefined
    if (zoneBefore === undefined || !deepEqual(before, node.metadata.labels)) this.#relabelled(info)
  }

  removeNode(name: string): void {
    const info = this.#byName.get(name)
    if (!info) return
    this.#countImages(info, -1)
    info.setNode(undefined)
    this.#nodes = undefined
    this.#relabelled(info)
    if (info.pods.size === 0) this.#byName.delete(name)
  }

  /** The API says where a Pod runs; that is the truth, whatever was assumed. Returns the Pod, worked out. */
  setPod(pod: Pod): PodInfo {
    const uid = pod.metadata.uid ?? ''
    const place = this.#placed.get(uid)
    const before = place === undefined ? undefined : this.#byName.get(place)?.pods.get(uid)
    this.#assumed.delete(uid)
    const info = before ? podInfoAfter(before, pod) : podInfo(pod)
    this.#place(info, pod.spec.nodeName ?? '')
    return info
  }

  removePod(uid: string): void {
    const name = this.#placed.get(uid)
    const node = name === undefined ? undefined : this.#byName.get(name)
    this.#assumed.delete(uid)
    this.#placed.delete(uid)
    if (!node) return
    this.#count(node, node.pods.get(uid), undefined)
    node.removePod(uid)
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
    this.#count(node, node.pods.get(pod.uid), pod)
    node.addPod(pod)
    this.#placed.set(pod.uid, nodeName)
  }

  #count(node: NodeInfo, before: PodInfo | undefined, after: PodInfo | undefined): void {
    this.#countClaims(before, -1)
    this.#countClaims(after, 1)
    this.#byLabels.replace(node, before, after)
    this.#byTerms.replace(node, before, after)
  }

  /** The labels of the node are others than before. */
  #relabelled(info: NodeInfo): void {
    this.#topologies.clear()
    if (info.pods.size === 0) return
    this.#byLabels.forgetTallies()
    this.#byTerms.forgetTallies()
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
