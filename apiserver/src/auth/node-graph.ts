import { configMapNames, secretNames } from '@kubets/shared/api/pod-references.ts'
import { claimNameOf as resourceClaimNameOf } from '@kubets/shared/api/resource-claims.ts'
import type { PersistentVolume, Pod } from '@kubets/shared/api/types/core-v1.ts'
import { claimNameOf } from '@kubets/shared/api/volume-binding.ts'
import { volumeSecrets } from '@kubets/shared/api/volume-references.ts'
import { deepEqual } from '@kubets/shared/machinery/deep.ts'
import { CountedPairs } from './counted-pairs.ts'

const mirrorAnnotation = 'kubernetes.io/config.mirror'

/** What Pods refer to by name. */
export type Referred = 'configmaps' | 'persistentvolumeclaims' | 'resourceclaims' | 'secrets' | 'serviceaccounts'

const keyOf = (type: Referred, namespace = '', name = ''): string => `${type} ${namespace}/${name}`

/**
 * Which nodes have to do with an object, because a Pod bound there refers to it, or because a volume that such a Pod claims
 * does. Kept by what changes; a question costs two look-ups, for the Secret of volumes one a claim. What is found in an
 * object itself (the node of a Pod, the claim of a volume) is not in here.
 */
// plugin/pkg/auth/authorizer/node/graph.go Graph; its destinationEdgeIndex for every vertex, and no vertices besides
export class NodeGraph {
  readonly #nodes = new CountedPairs()
  readonly #claims = new CountedPairs()

  /** Whether a Pod bound to the node refers to the object, itself or by a volume. */
  reaches(node: string, type: Referred, namespace: string, name: string): boolean {
    const key = keyOf(type, namespace, name)
    if (this.#nodes.has(key, node)) return true
    for (const claim of this.#claims.of(key)) if (this.#nodes.has(claim, node)) return true
    return false
  }

  /** How many objects are known to be of use to some node or volume. */
  get size(): number {
    return this.#nodes.size + this.#claims.size
  }

  // graph_populator.go updatePod, graph.go AddPod, DeletePod
  readonly pods = {
    changed: (before: Pod | undefined, after: Pod | undefined): void => {
      if (before && after && refersToTheSame(before, after)) return
      if (before) for (const key of referredBy(before)) this.#nodes.remove(key, before.spec.nodeName ?? '')
      if (after) for (const key of referredBy(after)) this.#nodes.add(key, after.spec.nodeName ?? '')
    },
    replaced: (pods: Iterable<Pod>): void => {
      this.#nodes.clear()
      for (const pod of pods) this.pods.changed(undefined, pod)
    },
  }

  // graph.go AddPV, DeletePV
  readonly volumes = {
    changed: (before: PersistentVolume | undefined, after: PersistentVolume | undefined): void => {
      if (before) for (const [secret, claim] of secretsOfClaims(before)) this.#claims.remove(secret, claim)
      if (after) for (const [secret, claim] of secretsOfClaims(after)) this.#claims.add(secret, claim)
    },
    replaced: (volumes: Iterable<PersistentVolume>): void => {
      this.#claims.clear()
      for (const volume of volumes) this.volumes.changed(undefined, volume)
    },
  }
}

/** All that a Pod may change of its references once it is bound: what is skipped here must leave them as they are. */
// graph_populator.go updatePod
function refersToTheSame(before: Pod, after: Pod): boolean {
  if ((after.spec.nodeName ?? '') === '' && (before.spec.nodeName ?? '') === '') return true
  return (
    before.spec.nodeName === after.spec.nodeName &&
    before.metadata.uid === after.metadata.uid &&
    isMirror(before) === isMirror(after) &&
    before.spec.ephemeralContainers?.length === after.spec.ephemeralContainers?.length &&
    deepEqual(before.status?.resourceClaimStatuses, after.status?.resourceClaimStatuses) &&
    deepEqual(before.status?.extendedResourceClaimStatus, after.status?.extendedResourceClaimStatus)
  )
}

const isMirror = ({ metadata }: Pod): boolean => metadata.annotations?.[mirrorAnnotation] !== undefined

/** Nothing for a Pod that is not bound, and nothing for one that its node has made itself. */
function referredBy(pod: Pod): string[] {
  const { spec, status, metadata } = pod
  if ((spec.nodeName ?? '') === '' || isMirror(pod)) return []
  const volumes = spec.volumes ?? []
  const names: Record<Referred, (string | undefined)[]> = {
    serviceaccounts: [spec.serviceAccountName],
    secrets: secretNames(pod),
    configmaps: configMapNames(pod),
    persistentvolumeclaims: volumes.map((volume) => claimNameOf(pod, volume)),
    resourceclaims: [
      ...(spec.resourceClaims ?? []).map((claim) => {
        const found = resourceClaimNameOf(pod, claim)
        return typeof found === 'string' ? undefined : found.name
      }),
      status?.extendedResourceClaimStatus?.resourceClaimName,
    ],
  }
  return Object.entries(names).flatMap(([type, all]) =>
    all.filter((name) => name).map((name) => keyOf(type as Referred, metadata.namespace, name)),
  )
}

function secretsOfClaims(volume: PersistentVolume): (readonly [string, string])[] {
  const { claimRef } = volume.spec
  if (!claimRef) return []
  const claim = keyOf('persistentvolumeclaims', claimRef.namespace, claimRef.name)
  return volumeSecrets(volume).map(({ namespace, name }) => [keyOf('secrets', namespace, name), claim] as const)
}
