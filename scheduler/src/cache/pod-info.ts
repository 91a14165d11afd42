import type { Pod, PodAffinityTerm } from '@kubets/shared/api/types/core-v1.ts'
import { deepEqual } from '@kubets/shared/machinery/deep.ts'
import { labelSelectorFromObject, nothing, type Selector } from '@kubets/shared/machinery/selector.ts'
import { hostPortsOf, type HostPort } from '@kubets/shared/api/host-ports.ts'
import { isResizing } from '@kubets/shared/api/resize.ts'
import { podResources, type Resources } from './resources.ts'

/** One affinity term, ready to be matched. */
export interface AffinityTerm {
  readonly topologyKey: string
  readonly selector: Selector
  readonly namespaces: ReadonlySet<string>
  /** Namespaces by label; matches none when not given. */
  readonly namespaceSelector: Selector
  /** Of preferred terms; negative for anti-affinity. */
  readonly weight: number
}

/** A Pod with everything the plugins ask of it worked out once. */
export interface PodInfo {
  readonly pod: Pod
  readonly uid: string
  readonly namespace: string
  readonly labels: Readonly<Record<string, string>>
  /** The same for Pods of a namespace that have the same labels. */
  readonly labelsKey: string
  /** The same for Pods of a namespace that have the same affinity and anti-affinity to Pods; '' where they have none. */
  readonly termsKey: string
  readonly priority: number
  readonly requests: Resources
  /** As scores count it: containers that ask for nothing count a little. */
  readonly scoredRequests: Resources
  readonly hostPorts: readonly HostPort[]
  /** The claims that it names, as "namespace/name". */
  readonly claims: readonly string[]
  readonly requiredAffinity: readonly AffinityTerm[]
  readonly requiredAntiAffinity: readonly AffinityTerm[]
  /** Affinity with positive, anti-affinity with negative weights. */
  readonly preferredAffinity: readonly AffinityTerm[]
}

/** Works a Pod out. A selector that cannot be parsed matches nothing. */
// pkg/scheduler/framework/types.go NewPodInfo
export function podInfo(pod: Pod): PodInfo {
  const { namespace = '', labels = {} } = pod.metadata
  const affinity = pod.spec.affinity?.podAffinity
  const anti = pod.spec.affinity?.podAntiAffinity
  const terms = (list: readonly PodAffinityTerm[] | undefined): AffinityTerm[] =>
    (list ?? []).map((term) => affinityTerm(term, namespace, 0))
  const weighted = (list: readonly { weight: number; podAffinityTerm: PodAffinityTerm }[] | undefined, sign: number) =>
    (list ?? []).map(({ weight, podAffinityTerm }) => affinityTerm(podAffinityTerm, namespace, sign * weight))
  return {
    pod,
    uid: pod.metadata.uid ?? '',
    namespace,
    labels,
    labelsKey: JSON.stringify([namespace, Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))]),
    termsKey: affinity || anti ? JSON.stringify([namespace, affinity, anti]) : '',
    priority: pod.spec.priority ?? 0,
    requests: podResources(pod),
    scoredRequests: podResources(pod, true),
    hostPorts: hostPortsOf(pod),
    claims: (pod.spec.volumes ?? []).flatMap(({ persistentVolumeClaim: used }) =>
      used ? `${namespace}/${used.claimName}` : [],
    ),
    requiredAffinity: terms(affinity?.requiredDuringSchedulingIgnoredDuringExecution),
    requiredAntiAffinity: terms(anti?.requiredDuringSchedulingIgnoredDuringExecution),
    preferredAffinity: [
      ...weighted(affinity?.preferredDuringSchedulingIgnoredDuringExecution, 1),
      ...weighted(anti?.preferredDuringSchedulingIgnoredDuringExecution, -1),
    ],
  }
}

/** Works a Pod out again; where only its status has changed, as kubelets do all the time, what was known stays. */
export function podInfoAfter(before: PodInfo, pod: Pod): PodInfo {
  const { generation, labels = {} } = pod.metadata
  const sameSpec = generation !== undefined && generation === before.pod.metadata.generation
  const sameNeeds = !isResizing(before.pod) && !isResizing(pod)
  return sameSpec && sameNeeds && deepEqual(labels, before.labels) ? { ...before, pod } : podInfo(pod)
}

/** Whether the term means this Pod. */
// pkg/scheduler/framework/types.go AffinityTerm.Matches
export function termMatches(
  term: AffinityTerm,
  pod: PodInfo,
  namespaceLabels: (namespace: string) => Readonly<Record<string, string>>,
): boolean {
  const inNamespace =
    term.namespaces.has(pod.namespace) ||
    (term.namespaceSelector !== nothing && term.namespaceSelector.matches(namespaceLabels(pod.namespace)))
  return inNamespace && term.selector.matches(pod.labels)
}

function affinityTerm(term: PodAffinityTerm, namespace: string, weight: number): AffinityTerm {
  const named = term.namespaces ?? []
  return {
    topologyKey: term.topologyKey,
    selector: selectorOrNothing(term.labelSelector),
    // without names and selector: the Pod's own namespace
    namespaces: new Set(named.length === 0 && !term.namespaceSelector ? [namespace] : named),
    namespaceSelector: term.namespaceSelector ? selectorOrNothing(term.namespaceSelector) : nothing,
    weight,
  }
}

export function selectorOrNothing(selector: Parameters<typeof labelSelectorFromObject>[0]): Selector {
  try {
    return labelSelectorFromObject(selector)
  } catch {
    return nothing
  }
}
