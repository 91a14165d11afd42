import type { NodeInfo } from './node-info.ts'
import type { PodGroup } from './pod-groups.ts'
import type { PodInfo } from './pod-info.ts'
import type { Selector } from '@kubets/shared/machinery/selector.ts'

/** Where the nodes are that lie in each topology of a kind. */
export interface NodeTopologies {
  /** The nodes' places in the list of all, in order, by topology: "a" → 0, 3, 6. */
  readonly places: ReadonlyMap<string, readonly number[]>
  /** How many nodes lie in any. */
  readonly total: number
}

/**
 * What one scheduling cycle sees. A cycle never waits for anything, so the cache itself can be the snapshot: nothing
 * changes under a running cycle.
 */
export interface Snapshot {
  /** All nodes whose object is known. */
  readonly nodes: readonly NodeInfo[]
  /** The nodes by their topologies of the key. */
  topologies(key: string): NodeTopologies
  /** Pods on nodes in groups alike in namespace and labels: all that the selector matches, and maybe others. */
  podsLike(selector: Selector): Iterable<PodGroup>
  /** Pods on nodes in groups alike in their affinity terms: all of which one means the Pod, and maybe others. */
  podsMeaning(pod: PodInfo): Iterable<PodGroup>
  node(name: string): NodeInfo | undefined
  /** Pods that wait for a place on the node, after others were made to leave it for them. */
  nominated(node: string): Iterable<PodInfo>
  /** The node where the Pod itself waits for a place; empty: none. */
  nominationOf(pod: PodInfo): string
  /** How many nodes have the image. */
  imageNodes(image: string): number
  /** How many Pods on nodes use the claim. */
  claimUsers(key: string): number
  namespaceLabels(namespace: string): Readonly<Record<string, string>>
  /** Selects the Pod's siblings: of its Services and its controller; undefined when it has neither. */
  siblings(pod: PodInfo): Selector | undefined
}
