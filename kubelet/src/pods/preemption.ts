// Which Pods have to go so that a critical one can be taken: pure. pkg/kubelet/preemption/preemption.go
import { podQOS, podRequests } from '@kubets/shared/api/pod.ts'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { Quantity } from '@kubets/shared/machinery/quantity.ts'

/** How much of a resource is missing: of CPU in thousandths. */
export interface Lacking {
  name: string
  amount: number
}

/** What becomes of a Pod that has to go. */
export const preempted = {
  reason: 'Preempting',
  message: 'Preempted in order to admit critical pod',
  disruption: 'Pod was preempted by Kubelet to accommodate a critical pod.',
} as const

// pkg/apis/scheduling/types.go SystemCriticalPriority
export const criticalPriority = 2_000_000_000
const sourceAnnotation = 'kubernetes.io/config.source'
const mirrorAnnotation = 'kubernetes.io/config.mirror'

/** Whether the node should go without others rather than without this Pod. */
// pkg/kubelet/types/pod_update.go IsCriticalPod
export function isCritical({ metadata: { annotations = {} }, spec }: Pod): boolean {
  const source = annotations[sourceAnnotation]
  if ((source !== undefined && source !== 'api') || annotations[mirrorAnnotation] !== undefined) return true
  return (spec.priority ?? 0) >= criticalPriority
}

/**
 * The Pods that have to go so that `pod` finds what is lacking: as few as possible, those that were promised least
 * first. Throws when it would not be enough if all went that may.
 */
// preemption.go getPodsToPreempt
export function podsToPreempt(pod: Pod, others: readonly Pod[], lacking: readonly Lacking[]): Pod[] {
  const candidates = others.filter((other) => preemptable(pod, other)).map(askedBy)
  const [bestEffort, burstable, guaranteed] = (['BestEffort', 'Burstable', 'Guaranteed'] as const).map((qos) =>
    candidates.filter((one) => podQOS(one.pod) === qos),
  ) as [Candidate[], Candidate[], Candidate[]]
  mustBeEmpty(without(lacking, candidates))
  // of the better ones only what would still be lacking without all of the worse ones
  const third = nearest(guaranteed, without(lacking, [...bestEffort, ...burstable]))
  const second = nearest(burstable, without(lacking, [...bestEffort, ...third]))
  const first = nearest(bestEffort, without(lacking, [...second, ...third]))
  return [...first, ...second, ...third].map((one) => one.pod)
}

/** A quantity of that resource as it is compared: CPU in thousandths. */
export function amountOf(name: string, quantity: Quantity | undefined): number {
  return (name === 'cpu' ? quantity?.milliValue() : quantity?.value()) ?? 0
}

interface Candidate {
  pod: Pod
  asks(name: string): number
}

function askedBy(pod: Pod): Candidate {
  const requests = podRequests(pod)
  return { pod, asks: (name) => (name === 'pods' ? 1 : amountOf(name, requests.get(name))) }
}

// pod_update.go Preemptable
function preemptable(pod: Pod, other: Pod): boolean {
  if (isCritical(pod) && !isCritical(other)) return true
  const [ours, theirs] = [pod.spec.priority, other.spec.priority]
  return ours !== undefined && theirs !== undefined && ours > theirs
}

/** What is still lacking when these are gone. preemption.go admissionRequirementList.subtract */
function without(lacking: readonly Lacking[], gone: readonly Candidate[]): Lacking[] {
  return lacking
    .map(({ name, amount }) => ({ name, amount: gone.reduce((rest, one) => rest - one.asks(name), amount) }))
    .filter(({ amount }) => amount > 0)
}

/** Takes the one that comes nearest to what is lacking, again and again, until nothing is. getPodsToPreemptByDistance */
function nearest(candidates: readonly Candidate[], lacking: readonly Lacking[]): Candidate[] {
  const left = [...candidates]
  const taken: Candidate[] = []
  while (lacking.length > 0) {
    let best = 0
    for (const [index, one] of left.entries()) {
      const [known, mine] = [distance(left[best] ?? one, lacking), distance(one, lacking)]
      if (mine < known || (mine === known && asksLess(one, left[best] ?? one))) best = index
    }
    const chosen = left[best]
    if (!chosen) return mustBeEmpty(lacking)
    lacking = without(lacking, [chosen])
    taken.push(chosen)
    const last = left.pop()
    if (last && last !== chosen) left[best] = last
  }
  return taken
}

/** How far it is from giving all that is lacking; each resource counts the same. admissionRequirementList.distance */
function distance(candidate: Candidate, lacking: readonly Lacking[]): number {
  return lacking.reduce((sum, { name, amount }) => {
    const rest = Math.max(0, amount - candidate.asks(name))
    return sum + (rest / amount) ** 2
  }, 0)
}

/** True also when they ask for the same. smallerResourceRequest */
function asksLess(one: Candidate, other: Candidate): boolean {
  for (const name of ['memory', 'cpu']) {
    const [mine, its] = [one.asks(name), other.asks(name)]
    if (mine !== its) return mine < its
  }
  return true
}

function mustBeEmpty(lacking: readonly Lacking[]): never[] {
  if (lacking.length === 0) return []
  const list = lacking.map(({ name, amount }) => `(res: ${name}, q: ${amount}), `).join('')
  throw new Error(`no set of running pods found to reclaim resources: [${list}]`)
}
