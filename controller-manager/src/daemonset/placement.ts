import { requiredNodes } from '@kubets/shared/api/node-selector.ts'
import type { DaemonSet } from '@kubets/shared/api/types/apps-v1.ts'
import type { Affinity, Node, Pod, PodTemplateSpec, Toleration } from '@kubets/shared/api/types/core-v1.ts'
import { clone } from '@kubets/shared/machinery/deep.ts'
import { untoleratedTaint } from '@kubets/shared/machinery/taints.ts'
import { revisionHashLabel } from '../history/revisions.ts'

// pkg/controller/daemon/util/daemonset_util.go, staging/src/k8s.io/api/apps/v1/types.go
const generationAnnotation = 'deprecated.daemonset.template.generation'
const generationLabel = 'pod-template-generation'

/** The number that older versions counted templates by; undefined when nobody wrote one. */
// pkg/controller/daemon/util/daemonset_util.go GetTemplateGeneration
export const templateGeneration = ({ metadata }: DaemonSet): string | undefined => {
  const text = metadata.annotations?.[generationAnnotation]
  return text !== undefined && /^-?\d+$/.test(text) ? text : undefined
}

/** Whether a Pod is of the set's current template. */
// pkg/controller/daemon/util/daemonset_util.go IsPodUpdated
export const isUpdated = (set: DaemonSet, hash: string, { metadata }: Pod): boolean => {
  const generation = templateGeneration(set)
  return (
    metadata.labels?.[revisionHashLabel] === hash ||
    (generation !== undefined && metadata.labels?.[generationLabel] === generation)
  )
}

// What a daemon bears with anywhere: it is there for the node, in whatever state that is.
// pkg/controller/daemon/util/daemonset_util.go AddOrUpdateDaemonPodTolerations
const daemonTolerations = (hostNetwork: boolean): Toleration[] => [
  ...['not-ready', 'unreachable'].map((key) => toleration(key, 'NoExecute')),
  ...['disk-pressure', 'memory-pressure', 'pid-pressure', 'unschedulable'].map((key) => toleration(key, 'NoSchedule')),
  ...(hostNetwork ? [toleration('network-unavailable', 'NoSchedule')] : []),
]

const toleration = (key: string, effect: string): Toleration => ({
  key: `node.kubernetes.io/${key}`,
  operator: 'Exists',
  effect,
})

// pkg/apis/core/v1/helper/helpers.go AddOrUpdateTolerationInPodSpec
const withTolerations = (given: readonly Toleration[], added: readonly Toleration[]): Toleration[] => {
  const isSame = (a: Toleration, b: Toleration): boolean =>
    a.key === b.key && a.effect === b.effect && a.operator === b.operator && (a.value ?? '') === (b.value ?? '')
  const kept = given.map((one) => added.find((other) => isSame(one, other)) ?? one)
  return [...kept, ...added.filter((one) => !given.some((other) => isSame(one, other)))]
}

/** The set's template with what every Pod of it gets. */
// pkg/controller/daemon/util/daemonset_util.go CreatePodTemplate
export const daemonTemplate = (set: DaemonSet, hash: string): PodTemplateSpec => {
  const template = clone(set.spec.template)
  const generation = templateGeneration(set)
  const spec = template.spec ?? { containers: [] }
  return {
    metadata: {
      ...template.metadata,
      labels: {
        ...template.metadata?.labels,
        ...(generation === undefined ? {} : { [generationLabel]: generation }),
        ...(hash === '' ? {} : { [revisionHashLabel]: hash }),
      },
    },
    spec: {
      ...spec,
      tolerations: withTolerations(spec.tolerations ?? [], daemonTolerations(spec.hostNetwork ?? false)),
    },
  }
}

/** The affinity with each required term replaced by one that names the node. */
// pkg/controller/daemon/util/daemonset_util.go ReplaceDaemonSetPodNodeNameNodeAffinity
const boundTo = (affinity: Affinity | undefined, node: string): Affinity => ({
  ...affinity,
  nodeAffinity: {
    ...affinity?.nodeAffinity,
    requiredDuringSchedulingIgnoredDuringExecution: {
      nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [node] }] }],
    },
  },
})

/** The template of the Pod for one node: the scheduler is told which. */
export const templateForNode = (template: PodTemplateSpec, node: string): PodTemplateSpec => {
  const spec = template.spec ?? { containers: [] }
  return { ...template, spec: { ...spec, affinity: boundTo(spec.affinity, node) } }
}

/** The node a daemon's Pod is on or meant for; undefined when it does not say. */
// pkg/controller/daemon/util/daemonset_util.go GetTargetNodeName
export const targetNode = ({ spec }: Pod): string | undefined => {
  if (spec.nodeName) return spec.nodeName
  const terms = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []
  const named = terms
    .flatMap(({ matchFields = [] }) => matchFields)
    .find(({ key, operator, values = [] }) => key === 'metadata.name' && operator === 'In' && values.length === 1)
  return named?.values?.[0]
}

/** Whether a node should get a Pod of the set, and whether one that is there may stay. */
export interface Placement {
  readonly run: boolean
  readonly stay: boolean
}

/** Tells for any node of a set; made once a reconcile. */
// pkg/controller/daemon/daemon_controller.go NodeShouldRunDaemonPod
export const placementFor = (set: DaemonSet): ((node: Node) => Placement) => {
  const { spec } = daemonTemplate(set, '')
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: {}, spec: spec ?? { containers: [] } }
  const required = requiredNodes(pod)
  const tolerations = pod.spec.tolerations ?? []
  return (node) => {
    const name = node.metadata.name ?? ''
    if (pod.spec.nodeName && pod.spec.nodeName !== name) return { run: false, stay: false }
    if (required && !required(node.metadata.labels ?? {}, name)) return { run: false, stay: false }
    if (untoleratedTaint(node.spec.taints, tolerations, ['NoSchedule', 'NoExecute']) === undefined)
      return { run: true, stay: true }
    return { run: false, stay: untoleratedTaint(node.spec.taints, tolerations, ['NoExecute']) === undefined }
  }
}
