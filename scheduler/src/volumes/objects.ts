import type { Node, PersistentVolume, PersistentVolumeClaim, Pod } from '@kubets/shared/api/types/core-v1.ts'
import type {
  CSIDriver,
  CSINode,
  CSIStorageCapacity,
  StorageClass,
  VolumeAttachment,
} from '@kubets/shared/api/types/storage-v1.ts'
import { termMatcher } from '@kubets/shared/api/node-selector.ts'
import { claimNameOf } from '@kubets/shared/api/volume-binding.ts'

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

/** The claims that a Pod's volumes are of. */
export function usedClaims(pod: Pod): UsedClaim[] {
  return (pod.spec.volumes ?? []).flatMap((volume) => {
    const name = claimNameOf(pod, volume)
    if (name === undefined) return []
    return { name, key: `${pod.metadata.namespace ?? ''}/${name}`, ephemeral: volume.ephemeral !== undefined }
  })
}

/** Whether the volume can be reached from a node with these labels. */
// component-helpers/storage/volume/helpers.go CheckNodeAffinity
export function isReachable({ spec }: PersistentVolume, labels: Node['metadata']['labels'] = {}): boolean {
  const terms = spec?.nodeAffinity?.required?.nodeSelectorTerms
  return !terms || terms.some((term) => termMatcher(term)(labels, ''))
}
