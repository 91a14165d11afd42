import type { NodeInfo } from '../cache/node-info.ts'
import type { PodInfo } from '../cache/pod-info.ts'
import type { Candidate } from '../preemption/victims.ts'
import type { Snapshot } from '../cache/snapshot.ts'

/** What an extender makes of nodes that passed the filters. */
export interface ExtenderVerdict {
  readonly nodes: readonly NodeInfo[]
  /** Why others will not do, by node. */
  readonly failed: ReadonlyMap<string, string>
  /** The same where removing other Pods would not help. */
  readonly unresolvable: ReadonlyMap<string, string>
}

/**
 * Another program that has a say in where Pods go. Each question may reject: with the program's error, or because it
 * does not answer in its time.
 */
// kube-scheduler/framework/extender.go Extender
export interface Extender {
  readonly name: string
  /** Scheduling goes on without it when it fails. */
  readonly ignorable: boolean
  readonly isBinder: boolean
  readonly supportsPreemption: boolean
  /** Whether the Pod asks for anything that it manages. */
  isInterested(pod: PodInfo): boolean
  filter(pod: PodInfo, nodes: readonly NodeInfo[], signal: AbortSignal): Promise<ExtenderVerdict>
  /** Scores by node, with its weight in them and on the plugins' scale. */
  prioritize(pod: PodInfo, nodes: readonly NodeInfo[], signal: AbortSignal): Promise<ReadonlyMap<string, number>>
  /** Those of the candidates that it agrees to, maybe with other victims. */
  preempt(
    pod: PodInfo,
    candidates: readonly Candidate[],
    snapshot: Snapshot,
    signal: AbortSignal,
  ): Promise<readonly Candidate[]>
  bind(pod: PodInfo, node: string, signal: AbortSignal): Promise<void>
}
