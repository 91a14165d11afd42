// What a driver is asked: pure. pkg/volume/csi/csi_client.go, csi_mounter.go, csi_attacher.go
import type {
  CSIPersistentVolumeSource,
  CSIVolumeSource,
  PersistentVolume,
  Pod,
} from '@kubets/shared/api/types/core-v1.ts'
import { createHash } from 'node:crypto'
import type { FileSystemUsage } from '../stats/machine.ts'
import type { Capability } from './driver.ts'

type Text = Readonly<Record<string, string>>

export interface VolumeCapability {
  access_mode: { mode: string }
  block?: object
  mount?: { fs_type: string; mount_flags: readonly string[]; volume_mount_group: string }
}

export interface StageRequest {
  volume_id: string
  publish_context: Text
  staging_target_path: string
  volume_capability: VolumeCapability
  secrets: Text
  volume_context: Text
}

export interface PublishRequest extends StageRequest {
  target_path: string
  readonly: boolean
}

export interface ExpandRequest {
  volume_id: string
  volume_path: string
  capacity_range: { required_bytes: string }
  staging_target_path: string
  volume_capability: VolumeCapability
  secrets: Text
}

/** How much of a volume is in use, as its driver tells it; numbers as text. */
export interface VolumeUsage {
  unit: 'UNKNOWN' | 'BYTES' | 'INODES'
  available: string
  total: string
  used: string
}

/** The same as that of any file system; what the driver does not tell is none. */
// csi_client.go NodeGetVolumeStats
export function fileSystemUsage(usage: readonly VolumeUsage[]): FileSystemUsage {
  const of = (unit: VolumeUsage['unit']) => {
    const { available, total, used } = usage.findLast((one) => one.unit === unit) ?? {}
    return { available: Number(available ?? 0), total: Number(total ?? 0), used: Number(used ?? 0) }
  }
  const [bytes, inodes] = [of('BYTES'), of('INODES')]
  return {
    availableBytes: bytes.available,
    capacityBytes: bytes.total,
    usedBytes: bytes.used,
    inodesFree: inodes.available,
    inodes: inodes.total,
    inodesUsed: inodes.used,
  }
}

/** A volume of a driver as a Pod has it: of a claim, or in the Pod's own spec. */
export type CsiVolume =
  | { readonly mode: 'Persistent'; readonly volume: PersistentVolume; readonly source: CSIPersistentVolumeSource }
  | { readonly mode: 'Ephemeral'; readonly name: string; readonly source: CSIVolumeSource }

/** The name of the volume in messages and folders. */
export const specName = (one: CsiVolume): string =>
  one.mode === 'Persistent' ? (one.volume.metadata.name ?? '') : one.name

/** What the driver knows the volume by. */
// csi_mounter.go makeVolumeHandle
export function handleOf(one: CsiVolume, podUid: string): string {
  if (one.mode === 'Persistent') return one.source.volumeHandle
  return `csi-${createHash('sha256').update(`${podUid}${one.name}`).digest('hex')}`
}

/** Whether it is a device for its Pods, and not a folder. */
export const isBlock = (one: CsiVolume): boolean => one.mode === 'Persistent' && one.volume.spec.volumeMode === 'Block'

/** The mode that counts, of those the volume has: the first one. */
const accessModeOf = (one: CsiVolume): string =>
  (one.mode === 'Persistent' ? one.volume.spec.accessModes?.[0] : undefined) ?? 'ReadWriteOnce'

// asCSIAccessModeV1, asSingleNodeMultiWriterCapableCSIAccessModeV1
function csiAccessMode(mode: string, can: ReadonlySet<Capability>): string {
  const several = can.has('SINGLE_NODE_MULTI_WRITER')
  switch (mode) {
    case 'ReadWriteOnce':
      return several ? 'SINGLE_NODE_MULTI_WRITER' : 'SINGLE_NODE_WRITER'
    case 'ReadWriteOncePod':
      return several ? 'SINGLE_NODE_SINGLE_WRITER' : 'SINGLE_NODE_WRITER'
    case 'ReadOnlyMany':
      return 'MULTI_NODE_READER_ONLY'
    case 'ReadWriteMany':
      return 'MULTI_NODE_MULTI_WRITER'
    default:
      return 'UNKNOWN'
  }
}

/** How the volume is to be used. `fsGroup` counts for drivers that give volumes to groups themselves. */
export function volumeCapability(one: CsiVolume, can: ReadonlySet<Capability>, fsGroup?: number): VolumeCapability {
  const access_mode = { mode: csiAccessMode(accessModeOf(one), can) }
  if (isBlock(one)) return { access_mode, block: {} }
  const group = can.has('VOLUME_MOUNT_GROUP') && fsGroup !== undefined ? String(fsGroup) : ''
  const mount_flags = one.mode === 'Persistent' ? (one.volume.spec.mountOptions ?? []) : []
  return { access_mode, mount: { fs_type: one.source.fsType ?? '', mount_flags, volume_mount_group: group } }
}

/** What a driver that asks for it is told of the Pod. */
// csi_util.go getPodInfoAttrs
export function podInfo({ metadata, spec }: Pod, mode: CsiVolume['mode']): Record<string, string> {
  return {
    'csi.storage.k8s.io/pod.name': metadata.name ?? '',
    'csi.storage.k8s.io/pod.namespace': metadata.namespace ?? '',
    'csi.storage.k8s.io/pod.uid': metadata.uid ?? '',
    'csi.storage.k8s.io/serviceAccount.name': spec.serviceAccountName ?? '',
    'csi.storage.k8s.io/ephemeral': String(mode === 'Ephemeral'),
  }
}

/** Whether the kubelet has to give what is in the volume to the Pod's fsGroup. */
// csi_mounter.go supportsFSGroup
export function takesOwnership(one: CsiVolume, policy: string, readonly: boolean): boolean {
  if (policy === 'None' || readonly) return false
  if (policy === 'File') return true
  if (!one.source.fsType) return false
  if (one.mode === 'Ephemeral') return true
  const modes = one.volume.spec.accessModes ?? []
  return modes.includes('ReadWriteOnce') || modes.includes('ReadWriteOncePod')
}

/** Why the driver cannot be asked for such a volume, by its CSIDriver's `modes` (undefined: there is none). */
// csi_mounter.go supportsVolumeLifecycleMode
export function lifecycleRefusal(
  driver: string,
  mode: CsiVolume['mode'],
  modes: readonly string[] | undefined,
): string | undefined {
  if (modes ? modes.includes(mode) : mode === 'Persistent') return undefined
  const listed = (modes ?? []).map((one) => `"${one}"`).join(' ')
  const why = modes ? `only supports [${listed}]` : 'no CSIDriver object'
  return `volume mode "${mode}" not supported by driver ${driver} (${why})`
}
