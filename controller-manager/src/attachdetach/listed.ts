import type { AttachedVolume, Node } from '@kubets/shared/api/types/core-v1.ts'
import type { VolumeAttachment } from '@kubets/shared/api/types/storage-v1.ts'
import { deepEqual } from '@kubets/shared/machinery/deep.ts'
import { isManaged } from './wanted.ts'

/** What a node's status says is attached to it, in the order of the names. */
// pkg/controller/volume/attachdetach/cache/actual_state_of_world.go GetVolumesToReportAttached
export const listed = (all: readonly { uniqueName: string; attachment: VolumeAttachment }[]): AttachedVolume[] => {
  const names = all
    .filter(({ attachment: { metadata, status } }) => status?.attached === true && !metadata.deletionTimestamp)
    .map(({ uniqueName }) => uniqueName)
  // a CSI driver says nothing of devices
  return [...new Set(names)].sort().map((name) => ({ name, devicePath: '' }))
}

/** Whether both list the same volumes, in whatever order. */
export const sameList = (a: readonly AttachedVolume[] = [], b: readonly AttachedVolume[]): boolean => {
  const names = (list: readonly AttachedVolume[]): string[] => list.map(({ name }) => name).toSorted()
  return deepEqual(names(a), names(b))
}

/** Whether a node that changed may want another look at its volumes: most of what a kubelet writes says nothing of them. */
export const sameForVolumes = (old: Node, node: Node): boolean => {
  const about = (one: Node): unknown[] => [
    isManaged(one),
    one.metadata.annotations,
    one.spec.taints,
    one.status?.volumesInUse,
    one.status?.volumesAttached,
    one.status?.conditions?.find(({ type }) => type === 'Ready')?.status,
  ]
  return deepEqual(about(old), about(node))
}
