import type { Node, PersistentVolumeClaim } from '@kubets/shared/api/types/core-v1.ts'
import type { ResourceClaim } from '@kubets/shared/api/types/resource-v1.ts'
import type { CSINode, StorageClass } from '@kubets/shared/api/types/storage-v1.ts'
import type { PodInfo } from '../cache/pod-info.ts'

/** Something in the cluster changed, and may make room for Pods that wait. */
// pkg/scheduler/framework/events.go ClusterEvent
export type ClusterEvent =
  | { readonly kind: 'NodeAdd'; readonly node: Node }
  | { readonly kind: 'NodeUpdate'; readonly old: Node; readonly node: Node }
  | { readonly kind: 'NodeDelete'; readonly node: Node }
  /** A Pod got its node. */
  | { readonly kind: 'AssignedPodAdd'; readonly pod: PodInfo }
  | { readonly kind: 'AssignedPodUpdate'; readonly old: PodInfo; readonly pod: PodInfo }
  | { readonly kind: 'AssignedPodDelete'; readonly pod: PodInfo }
  /** A Pod that still waits was changed. */
  | { readonly kind: 'PodUpdate'; readonly pod: PodInfo }
  | { readonly kind: 'NamespaceUpdate' }
  /** New or changed, here and below. */
  | { readonly kind: 'ClaimChange'; readonly claim: PersistentVolumeClaim }
  | { readonly kind: 'VolumeChange' }
  | { readonly kind: 'StorageClassChange'; readonly old: StorageClass | undefined; readonly storageClass: StorageClass }
  | { readonly kind: 'StorageCapacityChange' }
  | { readonly kind: 'CSIDriverChange' }
  | { readonly kind: 'CSINodeChange'; readonly old: CSINode | undefined }
  | { readonly kind: 'AttachmentDelete' }
  /** A claim for devices; one that is deleted loses what it had. */
  | { readonly kind: 'ResourceClaimChange'; readonly old: ResourceClaim | undefined; readonly claim: ResourceClaim }
  | { readonly kind: 'DeviceClassChange' }
  | { readonly kind: 'ResourceSliceChange' }

// pkg/scheduler/framework/types.go EventResource
const labels: Record<ClusterEvent['kind'], string> = {
  NodeAdd: 'NodeAdd',
  NodeUpdate: 'NodeUpdate',
  NodeDelete: 'NodeDelete',
  AssignedPodAdd: 'AssignedPodAdd',
  AssignedPodUpdate: 'AssignedPodUpdate',
  AssignedPodDelete: 'AssignedPodDelete',
  PodUpdate: 'UnscheduledPodUpdate',
  NamespaceUpdate: 'NamespaceUpdate',
  ClaimChange: 'PersistentVolumeClaimUpdate',
  VolumeChange: 'PersistentVolumeUpdate',
  StorageClassChange: 'storage.k8s.io/StorageClassUpdate',
  StorageCapacityChange: 'storage.k8s.io/CSIStorageCapacityUpdate',
  CSIDriverChange: 'storage.k8s.io/CSIDriverUpdate',
  CSINodeChange: 'storage.k8s.io/CSINodeUpdate',
  AttachmentDelete: 'storage.k8s.io/VolumeAttachmentDelete',
  ResourceClaimChange: 'resource.k8s.io/ResourceClaimUpdate',
  DeviceClassChange: 'resource.k8s.io/DeviceClassUpdate',
  ResourceSliceChange: 'resource.k8s.io/ResourceSliceUpdate',
}

/** The event as metrics name it. */
// pkg/scheduler/framework/types.go ClusterEvent.Label
export const labelOf = ({ kind }: ClusterEvent): string => labels[kind]
