import type { Node, PersistentVolume, PersistentVolumeClaim, Pod, Volume } from '@kubets/shared/api/types/core-v1.ts'
import type {
  CSIDriver,
  CSINode,
  CSIStorageCapacity,
  StorageClass,
  VolumeAttachment,
} from '@kubets/shared/api/types/storage-v1.ts'
import { termMatcher } from '@kubets/shared/api/node-selector.ts'

/** What the volume plugins look up; claims by "namespace/name". */
export interface VolumeObjects {
  claim(key: string): PersistentVolumeClaim | undefined
  volume(name: string): PersistentVolume | undefined
  volumes(): readonly PersistentVolume[]
  storageClass(name: string): StorageClass | undefined
  driver(name: string): CSIDriver | undefined
  capacities(): readonly CSIStorageCapacity[]
  csiNode(name: string): CSINode | undefined
  /** The volumes that are attached to a node. */
  attachments(node: string): readonly VolumeAttachment[]
}

/** A claim that a Pod uses. */
export interface UsedClaim {
  readonly name: string
  /** Namespace and name. */
  readonly key: string
  /** It is made for this volume of the Pod, and lives as long. */
  readonly ephemeral: boolean
}

/** The claim behind a volume of a Pod; undefined: it has none. */
// component-helpers/storage/ephemeral/ephemeral.go VolumeClaimName
function usedClaim({ metadata }: Pod, { name, persistentVolumeClaim, ephemeral }: Volume): UsedClaim | undefined {
  if (!persistentVolumeClaim && !ephemeral) return undefined
  const claim = persistentVolumeClaim?.claimName ?? `${metadata.name ?? ''}-${name}`
  return { name: claim, key: `${metadata.namespace ?? ''}/${claim}`, ephemeral: !persistentVolumeClaim }
}

export function usedClaims(pod: Pod): UsedClaim[] {
  return (pod.spec.volumes ?? []).flatMap((volume) => usedClaim(pod, volume) ?? [])
}

/** Whether the claim was made for a volume of this Pod. */
// component-helpers/storage/ephemeral/ephemeral.go VolumeIsForPod
export function isMadeFor(pod: Pod, { metadata }: PersistentVolumeClaim): boolean {
  const owner = metadata.ownerReferences?.find(({ controller }) => controller)
  return metadata.namespace === pod.metadata.namespace && owner?.uid === pod.metadata.uid
}

/** Whether the volume can be reached from a node with these labels. */
// component-helpers/storage/volume/helpers.go CheckNodeAffinity
export function isReachable({ spec }: PersistentVolume, labels: Node['metadata']['labels'] = {}): boolean {
  const terms = spec?.nodeAffinity?.required?.nodeSelectorTerms
  return !terms || terms.some((term) => termMatcher(term)(labels, ''))
}
