import type { PodDisruptionBudget } from '@kubets/shared/api/types/policy-v1.ts'
import type { NodeInfo } from '../cache/node-info.ts'
import type { PodInfo } from '../cache/pod-info.ts'
import type { Extender } from '../framework/extender.ts'
import { histogram } from '../framework/fit-error.ts'
import { unresolvable, type FailedAttempt, type PostFilterResult, type Rejection } from '../framework/plugin.ts'
import { askExtenders } from './ask-extenders.ts'
import { budgetsOf } from './budgets.ts'
import { pickCandidate } from './pick-candidate.ts'
import { selectVictims, type Candidate } from './victims.ts'

export interface PreemptionOptions {
  readonly budgets: readonly PodDisruptionBudget[]
  /** How many nodes to try out at least, of those where it may help: a share in hundredths and a number. */
  readonly minCandidateNodesPercentage: number
  readonly minCandidateNodesAbsolute: number
  readonly now: number
  /** A number in [0, 1): where to begin. */
  readonly random: () => number
}

const notHelpful = unresolvable('Preemption is not helpful for scheduling')

/** Decides who must go for a Pod that fits nowhere, and from which node. Pure. */
// pkg/scheduler/framework/preemption/preemption.go Evaluator.Preempt
export function preempt(pod: PodInfo, attempt: FailedAttempt, options: PreemptionOptions): PostFilterResult {
  const found = search(pod, attempt, options)
  return 'message' in found ? found : nomination(found, options.now)
}

/**
 * The same where extenders have a say in it.
 * @throws what one failed with that cannot be done without
 */
export async function preemptWith(
  pod: PodInfo,
  attempt: FailedAttempt,
  options: PreemptionOptions,
  extenders: readonly Extender[],
  signal: AbortSignal,
): Promise<PostFilterResult> {
  const found = search(pod, attempt, options)
  if ('message' in found) return found
  const agreed = await askExtenders(pod, found, attempt.snapshot, extenders, signal)
  if (agreed.length === 0) return { message: 'preemption: no candidate node for preemption' }
  return nomination(agreed, options.now)
}

function nomination(candidates: readonly Candidate[], now: number): PostFilterResult {
  const { node, victims } = pickCandidate(candidates, now)
  return { message: '', nominated: node.name, victims }
}

/** The nodes from which others could go, or why there are none. */
function search(pod: PodInfo, attempt: FailedAttempt, options: PreemptionOptions): Candidate[] | PostFilterResult {
  const { snapshot, rejections, filters } = attempt
  const objection = ineligible(pod, attempt)
  if (objection) return { message: `preemption: ${objection}` }
  const helpful = rejections.filter(({ rejection }) => !rejection.unresolvable).map(({ node }) => node)
  const outcomes = new Map<NodeInfo, Rejection>()
  const candidates = filters ? findCandidates(pod, helpful, filters, outcomes, options) : []
  if (candidates.length > 0) return candidates
  const reasons = snapshot.nodes.map((node) => outcomes.get(node) ?? notHelpful)
  const message = `preemption: 0/${snapshot.nodes.length} nodes are available: ${histogram(reasons)}.`
  return { message, nominated: '' }
}

/** Why the Pod may not make others go. */
// pkg/scheduler/framework/plugins/defaultpreemption/default_preemption.go PodEligibleToPreemptOthers
function ineligible(info: PodInfo, { snapshot, rejections }: FailedAttempt): string | undefined {
  if (info.pod.spec.preemptionPolicy === 'Never') return 'not eligible due to preemptionPolicy=Never.'
  const node = snapshot.node(snapshot.nominationOf(info))
  if (!node || rejections.find((one) => one.node === node)?.rejection.unresolvable) return undefined
  for (const other of node.pods.values()) {
    if (other.priority < info.priority && isLeavingByPreemption(other)) {
      return 'not eligible due to a terminating pod on the nominated node.'
    }
  }
  return undefined
}

function isLeavingByPreemption({ pod }: PodInfo): boolean {
  if (!pod.metadata.deletionTimestamp) return false
  const condition = pod.status?.conditions?.find(({ type }) => type === 'DisruptionTarget')
  return condition?.status === 'True' && condition.reason === 'PreemptionByScheduler'
}

/** Tries nodes out until there are enough candidates, one at least that violates no budget. */
// pkg/scheduler/framework/preemption/preemption.go DryRunPreemption
function findCandidates(
  pod: PodInfo,
  nodes: readonly NodeInfo[],
  filters: NonNullable<FailedAttempt['filters']>,
  outcomes: Map<NodeInfo, Rejection>,
  options: PreemptionOptions,
): Candidate[] {
  const { budgets, minCandidateNodesPercentage, minCandidateNodesAbsolute, now, random } = options
  const share = Math.floor((nodes.length * minCandidateNodesPercentage) / 100)
  const enough = Math.min(nodes.length, Math.max(share, minCandidateNodesAbsolute))
  const offset = Math.floor(random() * nodes.length)
  const workedOut = budgetsOf(budgets)
  const harmless: Candidate[] = []
  const violating: Candidate[] = []
  for (let i = 0; i < nodes.length; i++) {
    const node = nodes[(offset + i) % nodes.length]
    if (!node) break
    const found = selectVictims(pod, node, filters, workedOut, now)
    if ('reasons' in found) outcomes.set(node, found)
    else (found.violations === 0 ? harmless : violating).push(found)
    if (harmless.length > 0 && harmless.length + violating.length >= enough) break
  }
  return [...harmless, ...violating]
}
