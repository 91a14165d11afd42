import type { NodeInfo } from '../cache/node-info.ts'
import type { PodInfo } from '../cache/pod-info.ts'
import type { Snapshot } from '../cache/snapshot.ts'
import type { ClusterEvent } from './events.ts'
import type { Extender } from './extender.ts'
import type { Filters } from './filters.ts'

/** Why a Pod cannot have a node. */
export interface Rejection {
  /** Removing other Pods would not help. */
  readonly unresolvable: boolean
  readonly reasons: readonly string[]
}

export const rejected = (...reasons: string[]): Rejection => ({ unresolvable: false, reasons })
export const unresolvable = (...reasons: string[]): Rejection => ({ unresolvable: true, reasons })

/** Why a node will not do. */
export interface NodeRejection {
  readonly node: NodeInfo
  readonly rejection: Rejection
}

/** Topologies of a kind: "zone", of which "a" and "b". */
export interface Topologies {
  readonly key: string
  readonly values: readonly string[]
}

/** What preFilter prepares: decides about one node; undefined means that the node will do. */
export interface NodeFilter {
  (node: NodeInfo): Rejection | undefined
  /** No other nodes come into question. */
  readonly only?: ReadonlySet<string>
  /** The filter passes none but nodes in these topologies, so that others need not be asked about. */
  readonly within?: Topologies
  /** Counts another Pod as on the node (1) or as gone from it (-1), to try out what would be then. */
  readonly shift?: (other: PodInfo, node: NodeInfo, sign: 1 | -1) => void
}

/** What postFilter sees of an attempt that failed. */
export interface FailedAttempt {
  readonly snapshot: Snapshot
  /** One for each node. */
  readonly rejections: readonly NodeRejection[]
  /** undefined when no node was looked at. */
  readonly filters: Filters | undefined
}

/** What postFilter found. */
export interface PostFilterResult {
  /** Ends the message; empty when there is a way out. */
  readonly message: string
  /** The node that the Pod is to wait for; empty takes an earlier one back, undefined leaves it as it is. */
  readonly nominated?: string
  /** Who must leave that node first, the most important Pod first. */
  readonly victims?: readonly PodInfo[]
}

/** What preScore prepares. */
export interface NodeScorer {
  /** Higher is better; 0 to 100 unless normalized. */
  score(node: NodeInfo): number
  /** Brings all nodes' scores into 0 to 100, in place. */
  normalize?(scores: number[], nodes: readonly NodeInfo[]): void
}

/** The parts of a Pod that the queue orders by. */
export interface QueuedPod {
  readonly info: PodInfo
  /** When it came into the queue, ms. */
  readonly timestamp: number
}

/**
 * A scheduling plugin takes part where it has a method, at the extension points of the scheduling framework. preFilter
 * and preScore look at the Pod once and return what filters and scores each node; all four are pure.
 */
// kube-scheduler/framework/interface.go
export interface Plugin {
  readonly name: string
  /** queueSort: true when a comes before b. */
  less?(a: QueuedPod, b: QueuedPod): boolean
  /** Keeps a Pod out of the active queue, until the Pod is changed or one of `opensOn` happens. */
  preEnqueue?(pod: PodInfo): Rejection | undefined
  readonly opensOn?: readonly ClusterEvent['kind'][]
  /** undefined: there is nothing to filter by; a rejection: no node will do. */
  preFilter?(pod: PodInfo, snapshot: Snapshot): NodeFilter | Rejection | undefined
  /** Runs when no node will do: may name a node to wait for. undefined: it has nothing to do with the Pod. */
  postFilter?(pod: PodInfo, attempt: FailedAttempt): PostFilterResult | undefined
  /** The same where extenders have a say in it. */
  postFilterWith?(
    pod: PodInfo,
    attempt: FailedAttempt,
    extenders: readonly Extender[],
    signal: AbortSignal,
  ): Promise<PostFilterResult>
  /** undefined: there is nothing to score by. Gets the nodes that passed. */
  preScore?(pod: PodInfo, snapshot: Snapshot, nodes: readonly NodeInfo[]): NodeScorer | undefined
  /** Takes what the Pod needs beside its place; unreserve gives it back. */
  reserve?(pod: PodInfo, node: NodeInfo): Rejection | undefined
  unreserve?(pod: PodInfo, node: string): void
  /** May hold the Pod back, or refuse it. */
  permit?(pod: PodInfo, node: string, signal: AbortSignal): Promise<Rejection | undefined>
  /** Whether preBind has anything to do for the Pod, and may take long. */
  willPreBind?(pod: PodInfo): boolean
  /** Prepares the node for the Pod; throws when it cannot. */
  preBind?(pod: PodInfo, node: string, signal: AbortSignal): Promise<void>
  /** Tells the API; throws when refused. */
  bind?(pod: PodInfo, node: string, signal: AbortSignal): Promise<void>
  /** Whether the event may let a Pod through that this plugin turned away. Without it: every event may. */
  queueingHint?(pod: PodInfo, event: ClusterEvent): boolean
}

/** A plugin as a profile uses it. */
export interface ProfilePlugin {
  readonly plugin: Plugin
  /** Of its score in the sum. */
  readonly weight: number
}

export const maxNodeScore = 100

export function isRejection(value: NodeFilter | Rejection | undefined): value is Rejection {
  return typeof value === 'object'
}
