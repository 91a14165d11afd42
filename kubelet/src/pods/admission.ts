// Whether the node takes a Pod that is bound to it: a pure function of the Pod, the Pods it has, and the Node object.
// pkg/kubelet/lifecycle/predicate.go, pkg/scheduler/eventhandlers.go AdmissionCheck
import { isExtended } from '@kubets/shared/api/kinds/quantities.ts'
import { hostPortsOf, portsConflict } from '@kubets/shared/api/host-ports.ts'
import { requiredNodes } from '@kubets/shared/api/node-selector.ts'
import { podRequests } from '@kubets/shared/api/pod.ts'
import type { Node, Pod } from '@kubets/shared/api/types/core-v1.ts'
import { parseQuantity } from '@kubets/shared/machinery/quantity.ts'
import { untoleratedTaint } from '@kubets/shared/machinery/taints.ts'
import { amountOf, isCritical, podsToPreempt, type Lacking } from './preemption.ts'

/** Why the node does not take a Pod. */
export interface Rejection {
  reason: string
  message: string
}

/** What the node finds when a Pod is bound to it. */
export interface Admission {
  /** The first reason why it does not take the Pod; undefined when it does. */
  why: Rejection | undefined
  /** The Pods that have to go before it runs: a critical Pod is not refused because others have what it needs. */
  victims: readonly Pod[]
  /** The first resource for which they go. */
  lacking?: string
}

/** @param others the Pods the node has already taken and that have not ended. */
// predicate.go Admit, pkg/kubelet/preemption/preemption.go HandleAdmissionFailure
export function admission(pod: Pod, others: readonly Pod[], node: Node): Admission {
  const other = otherSystem(pod)
  if (other) return { why: other, victims: [] }
  const lacking = missingResources(pod, others, node)
  const rest = otherFindings(pod, others, node)
  if (!isCritical(pod) || lacking.length === 0 || rest.length > 0) {
    return { why: (isCritical(pod) ? [] : lacking.map(outOf)).concat(rest)[0], victims: [] }
  }
  try {
    const victims = podsToPreempt(pod, others, lacking.map(shortfall))
    return { why: undefined, victims, lacking: lacking[0]?.name ?? '' }
  } catch (error) {
    const message = `preemption: error finding a set of pods to preempt: ${(error as Error).message}`
    return {
      why: unexpected(`Unexpected error while attempting to recover from admission failure: ${message}`),
      victims: [],
    }
  }
}

const unexpected = (message: string): Rejection => ({ reason: 'UnexpectedAdmissionError', message })

function otherFindings(pod: Pod, others: readonly Pod[], node: Node): Rejection[] {
  // labels and taints that changed while the Pod ran are no reason to end it when the kubelet starts again
  const started = pod.status?.startTime !== undefined
  return [
    started ? undefined : wrongNode(pod, node),
    takenPort(pod, others),
    started ? undefined : evictingTaint(pod, node),
  ].filter((one) => one !== undefined)
}

/** Why a running Pod cannot have what it wants now: never here (Infeasible), or not yet (Deferred). */
// pkg/kubelet/allocation/handlers.go, allocation_manager.go
export function resizeRefusal(pod: Pod, others: readonly Pod[], node: Node): Rejection | undefined {
  const requests = podRequests(pod)
  const lacking = ['memory', 'cpu']
    .map((name) => {
      const capacity = amountOf(name, parseQuantity(node.status?.allocatable?.[name] ?? '0'))
      return { name, requested: amountOf(name, requests.get(name)), capacity }
    })
    .find(({ requested, capacity }) => requested > capacity)
  if (lacking) {
    const amounts = `requested: ${lacking.requested}, capacity: ${lacking.capacity}`
    return { reason: 'Infeasible', message: `Node didn't have enough capacity: ${lacking.name}, ${amounts}` }
  }
  const [why] = missingResources(pod, others, node).map(outOf)
  return why && { reason: 'Deferred', message: why.message }
}

const os = 'linux'
const osLabel = 'kubernetes.io/os'

function otherSystem(pod: Pod): Rejection | undefined {
  // upstream looks at the Pod's labels here, not at its selector
  const labelled = pod.metadata.labels?.[osLabel]
  if (labelled !== undefined && labelled !== os) {
    const message = "Failed to admit pod as the `kubernetes.io/os` label doesn't match node label"
    return { reason: 'PodOSSelectorNodeLabelDoesNotMatch', message }
  }
  if (pod.spec.os !== undefined && pod.spec.os.name !== os) {
    return { reason: 'PodOSNotSupported', message: "Failed to admit pod as the OS field doesn't match node OS" }
  }
  if (pod.spec.securityContext?.supplementalGroupsPolicy === 'Strict') {
    const message = 'SupplementalGroupsPolicy=Strict is not supported in this node'
    return { reason: 'SupplementalGroupsPolicyNotSupported', message }
  }
  return undefined
}

// in the order in which upstream looks, whose first finding is the one that is told
const counted = ['cpu', 'memory', 'ephemeral-storage']

/** A resource of which the node has not enough left. CPU is counted in thousandths. */
interface Shortage {
  name: string
  requested: number
  used: number
  capacity: number
}

/** All of them, in upstream's order. pkg/scheduler/framework/plugins/noderesources/fit.go fitsRequest */
function missingResources(pod: Pod, others: readonly Pod[], node: Node): Shortage[] {
  const allocatable = node.status?.allocatable ?? {}
  const capacityOf = (name: string): number => amountOf(name, parseQuantity(allocatable[name] ?? '0'))
  const requests = podRequests(pod)
  const rest = [...requests.keys()].filter((name) => !counted.includes(name) && known(name, allocatable))
  const used = others.map(podRequests)
  const wanted = [...counted, ...rest].map((name) => ({
    name,
    requested: amountOf(name, requests.get(name)),
    used: used.reduce((sum, one) => sum + amountOf(name, one.get(name)), 0),
    capacity: capacityOf(name),
  }))
  return [
    { name: 'pods', requested: 1, used: others.length, capacity: capacityOf('pods') },
    ...wanted.filter(({ requested }) => requested > 0),
  ].filter(({ requested, used: taken, capacity }) => requested > capacity - taken)
}

// predicate.go removeMissingExtendedResources: what the node does not know may be the cluster's
function known(name: string, allocatable: Readonly<Record<string, string>>): boolean {
  return allocatable[name] !== undefined || !isExtended(name)
}

/** predicate.go GetInsufficientAmount */
function shortfall({ name, requested, used, capacity }: Shortage): Lacking {
  return { name, amount: requested - (capacity - used) }
}

function outOf({ name, requested, used, capacity }: Shortage): Rejection {
  const amounts = `requested: ${requested}, used: ${used}, capacity: ${capacity}`
  return { reason: `OutOf${name}`, message: `Node didn't have enough resource: ${name}, ${amounts}` }
}

function wrongNode(pod: Pod, { metadata }: Node): Rejection | undefined {
  const matches = requiredNodes(pod)
  if (matches && !matches(metadata.labels ?? {}, metadata.name ?? '')) {
    return failed('NodeAffinity', "node(s) didn't match Pod's node affinity/selector")
  }
  return undefined
}

function takenPort(pod: Pod, others: readonly Pod[]): Rejection | undefined {
  const ours = hostPortsOf(pod)
  if (ours.length === 0) return undefined
  const conflict = others.some((other) =>
    hostPortsOf(other).some((port) => ours.some((own) => portsConflict(own, port))),
  )
  return conflict ? failed('NodePorts', "node(s) didn't have free ports for the requested pod ports") : undefined
}

function evictingTaint(pod: Pod, node: Node): Rejection | undefined {
  const taint = untoleratedTaint(node.spec.taints, pod.spec.tolerations, ['NoExecute'])
  return taint && failed('TaintToleration', "node(s) had taints that the pod didn't tolerate")
}

function failed(predicate: string, why: string): Rejection {
  return { reason: predicate, message: `Predicate ${predicate} failed: ${why}` }
}
