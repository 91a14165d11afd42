import { persistentVolumeClaims } from '@kubets/shared/api/resources.gen.ts'
import type { ObjectReference, PersistentVolume, PersistentVolumeClaim, Pod } from '@kubets/shared/api/types/core-v1.ts'
import { parseQuantity } from '@kubets/shared/machinery/quantity.ts'
import type { Recorder } from '../events.ts'
import type { ObjectSource } from '../objects.ts'
import { credentials } from './context.ts'
import type { CsiDriver } from './driver.ts'
import { specName, volumeCapability, type CsiVolume } from './requests.ts'

/** Whether the volume has become larger than what its claim knows of: the node has to do its part. */
// operation_generator.go legacyCallNodeExpandOnPlugin
export function isLarger({ spec }: PersistentVolume, { status }: PersistentVolumeClaim): boolean {
  const [has, known] = [spec.capacity?.['storage'], status?.capacity?.['storage']]
  if (has === undefined || known === undefined) return false
  return parseQuantity(has).cmp(parseQuantity(known)) > 0
}

/** The merge patch by which the claim is as large as its volume, and nothing of the growth is left to do. */
// pkg/volume/util/resize_util.go MarkFSResizeFinished
export function grownStatus({ spec }: PersistentVolume, { status }: PersistentVolumeClaim): object {
  const passing = ['Resizing', 'FileSystemResizePending', 'ControllerResizeError', 'NodeResizeError']
  const conditions = (status?.conditions ?? []).filter((one) => !passing.includes(one.type))
  return {
    capacity: { storage: spec.capacity?.['storage'] },
    conditions: conditions.length > 0 ? conditions : null,
    allocatedResourceStatuses: status?.allocatedResourceStatuses ? { storage: null } : undefined,
  }
}

export interface Growth {
  pod: Pod
  volume: CsiVolume & { mode: 'Persistent' }
  claim: PersistentVolumeClaim
  readonly: boolean
  /** Where the volume is, for a Pod or for all; and where it is staged. */
  place: string
  staging: string
}

/** Has the driver make the file system as large as the volume is, and tells the claim. Rejects with why that fails. */
// pkg/volume/csi/expander.go NodeExpand, operation_generator.go expandVolumeDuringMount
export async function expandOnNode(
  { objects, recorder, nodeName }: { objects: ObjectSource; recorder: Recorder; nodeName: string },
  driver: CsiDriver,
  { pod, volume, claim, readonly, place, staging }: Growth,
  signal: AbortSignal,
): Promise<void> {
  const tell = (type: 'Normal' | 'Warning', reason: string, message: string): void => {
    for (const about of [pod, claimReference(claim)]) recorder.event(about, type, reason, message)
  }
  const of = `for volume "${specName(volume)}"`
  if (readonly) {
    const why = `MountVolume.NodeExpandVolume failed ${of} requested read-only file system`
    return tell('Warning', 'FileSystemResizeFailed', why)
  }
  const can = await driver.capabilities(signal)
  if (can.has('EXPAND_VOLUME')) {
    const ref = volume.source.nodeExpandSecretRef
    const secrets = ref
      ? await credentials(objects, ref, signal).catch((error: unknown) => {
          const why = (error as Error).message
          const name = `${ref.namespace ?? ''}/${ref.name ?? ''}`
          throw new Error(`expander.NodeExpand failed to get NodeExpandSecretRef ${name}: ${why}`)
        })
      : {}
    const request = {
      volume_id: volume.source.volumeHandle,
      volume_path: place,
      capacity_range: {
        required_bytes: String(parseQuantity(volume.volume.spec.capacity?.['storage'] ?? '0').value()),
      },
      staging_target_path: staging,
      volume_capability: volumeCapability(volume, can),
      secrets,
    }
    await driver.expand(request, signal).catch((error: unknown) => {
      throw new Error(`Expander.NodeExpand failed to expand the volume : ${(error as Error).message}`)
    })
    tell('Normal', 'FileSystemResizeSuccessful', `MountVolume.NodeExpandVolume succeeded ${of} ${nodeName}`)
  }
  await objects.patchClaimStatus(claim, grownStatus(volume.volume, claim), signal)
}

function claimReference({ metadata }: PersistentVolumeClaim): ObjectReference {
  const { name = '', namespace = '', uid = '' } = metadata
  return { apiVersion: 'v1', kind: persistentVolumeClaims.kind, name, namespace, uid }
}
