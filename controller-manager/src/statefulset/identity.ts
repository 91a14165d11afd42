import type { StatefulSet } from '@kubets/shared/api/types/apps-v1.ts'
import type { PersistentVolumeClaim, Pod, PodTemplateSpec, Volume } from '@kubets/shared/api/types/core-v1.ts'
import { clone, deepEqual } from '@kubets/shared/machinery/deep.ts'
import type { OwnerReference } from '@kubets/shared/machinery/meta-v1.gen.ts'
import { revisionHashLabel } from '../history/revisions.ts'

// staging/src/k8s.io/api/apps/v1/types.go StatefulSetPodNameLabel, PodIndexLabel
const podNameLabel = 'statefulset.kubernetes.io/pod-name'
const podIndexLabel = 'apps.kubernetes.io/pod-index'

/** The parent and number in a Pod's name; undefined when it has no number. */
// pkg/controller/statefulset/stateful_set_utils.go getParentNameAndOrdinal
const parse = (name: string): { parent: string; ordinal: number } | undefined => {
  const match = /^(.*)-(\d{1,10})$/.exec(name)
  const ordinal = Number(match?.[2])
  return match?.[1] !== undefined && ordinal <= 2 ** 31 - 1 ? { parent: match[1], ordinal } : undefined
}

/** The number of a Pod; -1 when its name has none. */
export const ordinalOf = ({ metadata }: Pod): number => parse(metadata.name ?? '')?.ordinal ?? -1

/** Whether a Pod's name makes it one of the set. */
export const isMember = (set: StatefulSet, { metadata }: Pod): boolean =>
  parse(metadata.name ?? '')?.parent === set.metadata.name

export const startOrdinal = ({ spec }: StatefulSet): number => spec.ordinals?.start ?? 0
export const replicasOf = ({ spec }: StatefulSet): number => spec.replicas ?? 1

const nameOf = (set: StatefulSet, ordinal: number): string => `${set.metadata.name}-${String(ordinal)}`

/** The revision (by name) that a Pod is of. */
export const revisionOf = ({ metadata }: Pod): string | undefined => metadata.labels?.[revisionHashLabel]

/** The claims of the set's Pod with this number, as they are made. */
// pkg/controller/statefulset/stateful_set_utils.go getPersistentVolumeClaims
export const claimsOf = (set: StatefulSet, ordinal: number): { volume: string; claim: PersistentVolumeClaim }[] =>
  (set.spec.volumeClaimTemplates ?? []).map((template) => {
    const volume = template.metadata.name ?? ''
    const { status: _, ...claim } = clone(template)
    const metadata = {
      ...claim.metadata,
      name: `${volume}-${nameOf(set, ordinal)}`,
      namespace: set.metadata.namespace,
      labels: { ...claim.metadata.labels, ...set.spec.selector.matchLabels },
    }
    return { volume, claim: { ...claim, metadata } }
  })

/** The template's volumes with those of claims in front of, and instead of, their namesakes. */
// pkg/controller/statefulset/stateful_set_utils.go updateStorage
const volumesOf = (set: StatefulSet, ordinal: number, volumes: readonly Volume[]): Volume[] => {
  const claims = claimsOf(set, ordinal)
  const own = claims.map(({ volume, claim }) => ({
    name: volume,
    // readOnly is said of mounts
    persistentVolumeClaim: { claimName: claim.metadata.name ?? '' },
  }))
  return [...own, ...volumes.filter(({ name }) => !claims.some(({ volume }) => volume === name))]
}

/** The set's Pod with this number, of the revision's template. */
// pkg/controller/statefulset/stateful_set_utils.go newStatefulSetPod, initIdentity
export const newPod = (
  set: StatefulSet,
  template: PodTemplateSpec,
  revision: string,
  ordinal: number,
  owner: OwnerReference,
): Pod => {
  const { metadata, spec = { containers: [] } } = clone(template)
  const name = nameOf(set, ordinal)
  const volumes = volumesOf(set, ordinal, spec.volumes ?? [])
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: set.metadata.namespace,
      labels: { ...metadata?.labels, ...identityLabels(set, ordinal), [revisionHashLabel]: revision },
      ...(metadata?.annotations ? { annotations: metadata.annotations } : {}),
      ...(metadata?.finalizers ? { finalizers: metadata.finalizers } : {}),
      ownerReferences: [owner],
    },
    spec: {
      ...spec,
      hostname: name,
      ...(set.spec.serviceName ? { subdomain: set.spec.serviceName } : {}),
      ...(volumes.length > 0 ? { volumes } : {}),
    },
  }
}

const identityLabels = (set: StatefulSet, ordinal: number): Record<string, string> => ({
  [podNameLabel]: nameOf(set, ordinal),
  [podIndexLabel]: String(ordinal),
})

/** The Pod with its labels put right; undefined when they are. */
// pkg/controller/statefulset/stateful_set_utils.go identityMatches, updateIdentity
export const withIdentity = (set: StatefulSet, pod: Pod): Pod | undefined => {
  const labels = { ...pod.metadata.labels, ...identityLabels(set, ordinalOf(pod)) }
  return deepEqual(labels, pod.metadata.labels) ? undefined : { ...pod, metadata: { ...pod.metadata, labels } }
}
