// Whether the node takes a Pod that is bound to it: a pure function of the Pod, the Pods it has, and the Node object.
// pkg/kubelet/lifecycle/predicate.go, pkg/scheduler/eventhandlers.go AdmissionCheck
import { isExtended } from '@kubets/shared/api/kinds/quantities.ts'
import { hostPortsOf, portsConflict } from '@kubets/shared/api/host-ports.ts'
import { requiredNodes } from '@kubets/shared/api/node-selector.ts'
import { podRequests } from '@kubets/shared/api/pod.ts'
import type { Node, Pod } from '@kubets/shared/api/types/core-v1.ts'
import { parseQuantity, type Quantity } from '@kubets/shared/machinery/quantity.ts'
import { untoleratedTaint } from '@kubets/shared/machinery/taints.ts'

/** Why the node does not take a Pod. */
export interface Rejection {
  reason: string
  message: string
}

/**
 * The first reason why the node does not take the Pod; undefined when it does.
 * @param others the Pods the node has already taken and that have not ended.
 */
export function rejection(pod: Pod, others: readonly Pod[], node: Node): Rejection | undefined {
  const started = pod.status?.startTime !== undefined
  return (
    otherSystem(pod) ??
    missingResource(pod, others, node) ??
    // labels and taints that changed while the Pod ran are no reason to end it when the kubelet starts again
    (started ? undefined : wrongNode(pod, node)) ??
    takenPort(pod, others) ??
    (started ? undefined : evictingTaint(pod, node))
  )
}

/** Why a running Pod cannot have what it wants now: never here (Infeasible), or not yet (Deferred). */
// pkg/kubelet/allocation/handlers.go, allocation_manager.go
export function resizeRefusal(pod: Pod, others: readonly Pod[], node: Node): Rejection | undefined {
  const requests = podRequests(pod)
  const lacking = ['memory', 'cpu']
    .map((name) => {
      const capacity = amount(name, parseQuantity(node.status?.allocatable?.[name] ?? '0'))
      return { name, requested: amount(name, requests.get(name)), capacity }
    })
    .find(({ requested, capacity }) => requested > capacity)
  if (lacking) {
    const amounts = `requested: ${lacking.requested}, capacity: ${lacking.capacity}`
    return { reason: 'Infeasible', message: `Node didn't have enough capacity: ${lacking.name}, ${amounts}` }
  }
  const why = missingResource(pod, others, node)
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

/** pkg/scheduler/framework/plugins/noderesources/fit.go fitsRequest */
function missingResource(pod: Pod, others: readonly Pod[], node: Node): Rejection | undefined {
  const allocatable = node.status?.allocatable ?? {}
  const places = amount('pods', parseQuantity(allocatable['pods'] ?? '0'))
  if (others.length + 1 > places) return outOf('pods', 1, others.length, places)
  const requests = podRequests(pod)
  const rest = [...requests.keys()].filter((name) => !counted.includes(name) && known(name, allocatable))
  const used = others.map(podRequests)
  for (const name of [...counted, ...rest]) {
    const wanted = amount(name, requests.get(name))
    const taken = used.reduce((sum, one) => sum + amount(name, one.get(name)), 0)
    const capacity = amount(name, parseQuantity(allocatable[name] ?? '0'))
    if (wanted > 0 && wanted > capacity - taken) return outOf(name, wanted, taken, capacity)
  }
  return undefined
}

// predicate.go removeMissingExtendedResources: what the node does not know may be the cluster's
function known(name: string, allocatable: Readonly<Record<string, string>>): boolean {
  return allocatable[name] !== undefined || !isExtended(name)
}

function amount(name: string, quantity: Quantity | undefined): number {
  return (name === 'cpu' ? quantity?.milliValue() : quantity?.value()) ?? 0
}

function outOf(name: string, requested: number, used: number, capacity: number): Rejection {
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
