import { createHash } from 'node:crypto'
import type { PersistentVolume } from './types/core-v1.ts'

const prefix = 'kubernetes.io/csi/'
const separator = '^'

/** A CSI volume as its driver knows it. */
export interface VolumeId {
  readonly driver: string
  readonly handle: string
}

/** The name under which nodes list the volume as attached and in use; undefined for a volume that is no CSI volume. */
// pkg/volume/csi/csi_plugin.go GetVolumeName, pkg/volume/util/util.go GetUniqueVolumeName
export const uniqueNameOf = ({ spec }: PersistentVolume): string | undefined =>
  spec.csi && `${prefix}${spec.csi.driver}${separator}${spec.csi.volumeHandle}`

/** The volume of such a name; undefined when it is none of a CSI driver. */
// pkg/volume/csi/csi_attacher.go Detach
export const volumeIdOf = (uniqueName: string): VolumeId | undefined => {
  const end = uniqueName.indexOf(separator)
  if (!uniqueName.startsWith(prefix) || end < 0) return undefined
  return { driver: uniqueName.slice(prefix.length, end), handle: uniqueName.slice(end + 1) }
}

/** The name of the VolumeAttachment of the volume to the node. */
// pkg/volume/csi/csi_attacher.go getAttachmentName
export const attachmentName = ({ driver, handle }: VolumeId, node: string): string =>
  `csi-${createHash('sha256').update(`${handle}${driver}${node}`).digest('hex')}`
