import type { PodInfo } from '../cache/pod-info.ts'
import type { NodeRejection, Rejection } from './plugin.ts'

/** Why a Pod found no node. */
export interface Diagnosis {
  readonly allNodes: number
  /** One for each node. */
  readonly rejections: readonly NodeRejection[]
  /** When no node was looked at: what preFilter said. */
  readonly preFilterMessage: string
  readonly postFilterMessage: string
  /** The node that the Pod is to wait for; empty takes an earlier one back, undefined leaves it as it is. */
  readonly nominated: string | undefined
  /** The Pods that must leave that node first. */
  readonly victims: readonly PodInfo[]
  /** The plugins that turned nodes away: their hints decide when the Pod is tried again. */
  readonly plugins: ReadonlySet<string>
}

/** There is no node at all; any change may help. */
export const noNodes: Diagnosis = {
  allNodes: 0,
  rejections: [],
  preFilterMessage: '',
  postFilterMessage: '',
  nominated: '',
  victims: [],
  plugins: new Set(),
}

/** "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable. preemption: …" */
// pkg/scheduler/framework/types.go FitError.Error
export function fitErrorMessage(diagnosis: Diagnosis): string {
  if (diagnosis.allNodes === 0) return 'no nodes available to schedule pods'
  let message = `0/${diagnosis.allNodes} nodes are available:`
  if (diagnosis.preFilterMessage) message += ` ${diagnosis.preFilterMessage}.`
  else if (diagnosis.rejections.length > 0)
    message += ` ${histogram(diagnosis.rejections.map(({ rejection }) => rejection))}.`
  if (diagnosis.postFilterMessage) message += ` ${diagnosis.postFilterMessage}`
  return message
}

/** "1 Insufficient cpu, 2 Too many pods", sorted as text. */
export function histogram(rejections: Iterable<Pick<Rejection, 'reasons'>>): string {
  const counts = new Map<string, number>()
  for (const { reasons } of rejections) {
    for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  }
  return [...counts]
    .map(([reason, count]) => `${count} ${reason}`)
    .sort()
    .join(', ')
}
