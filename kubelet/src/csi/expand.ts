import { persistentVolumeClaims } from '@kubets/shared/api/resources.gen.ts'
import type { ObjectReference, PersistentVolume, PersistentVolumeClaim, Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import { parseQuantity } from '@kubets/shared/machinery/quantity.ts'
import { formatTime } from '@kubets/shared/machinery/time.ts'
import type { Recorder } from '../events.ts'
import { RpcError } from '../plugins/grpc.ts'
import type { ObjectSource } from '../objects.ts'
import { credentials } from './context.ts'
import { isFinal, type CsiDriver } from './driver.ts'
import { specName, volumeCapability, type CsiVolume } from './requests.ts'

/** Whether the volume has become larger than what its claim knows of: the node has to do its part. */
// operation_generator.go legacyCallNodeExpandOnPlugin
export function isLarger({ spec }: PersistentVolume, { status }: PersistentVolumeClaim): boolean {
  const [has, known] = [spec.capacity?.['storage'], status?.capacity?.['storage']]
  if (has === undefined || known === undefined) return false
  return parseQuantity(has).cmp(parseQuantity(known)) > 0
}

/**
 * What the node has to do for a volume that grew: nothing (yet), or its part, of which the claim's status is `told` step
 * by step where whoever grows volumes tells of its own.
 */
// operation_generator.go checkForRecoveryFromExpansion, node_expander.go runPreCheck
export function growthOf(volume: PersistentVolume, claim: PersistentVolumeClaim): 'none' | 'plain' | 'told' {
  if (!isLarger(volume, claim)) return 'none'
  const { allocatedResourceStatuses, allocatedResources } = claim.status ?? {}
  const state = allocatedResourceStatuses?.['storage']
  if (state === undefined) return allocatedResources === undefined ? 'plain' : 'none'
  return state === 'NodeResizePending' || state === 'NodeResizeInProgress' ? 'told' : 'none'
}

export interface ExpandFailure {
  message: string
  /** The driver does nothing more about it. */
  final: boolean
  /** The volume cannot be expanded while it is in use here: nobody tries again, and it is mounted as it is. */
  inUse: boolean
  /** It will never work. */
  infeasible: boolean
}

/** What it means that the driver did not expand the volume. */
// pkg/volume/csi/expander.go nodeExpandWithClient
export function expandFailure(error: unknown): ExpandFailure {
  const { message } = error as Error
  const code = error instanceof RpcError ? error.code : ''
  const infeasible = ['InvalidArgument', 'OutOfRange', 'NotFound'].includes(code)
  return {
    message: `Expander.NodeExpand failed to expand the volume ${infeasible ? '' : ': '}${message}`,
    final: !(error instanceof RpcError) || isFinal(error),
    inUse: code === 'FailedPrecondition',
    infeasible,
  }
}

const nodeError = 'NodeResizeError'

/** The merge patch by which the claim says why its volume did not grow here. */
// pkg/volume/util/resize_util.go MarkNodeExpansionFailedCondition, MarkNodeExpansionInfeasible
export function failedStatus(
  { status }: PersistentVolumeClaim,
  message: string,
  infeasible: boolean,
  now: number,
): object {
  const conditions = status?.conditions ?? []
  const told = conditions.some(({ type, status: is }) => type === nodeError && is === 'True')
  const others = conditions.filter(({ type }) => type !== nodeError)
  const lastTransitionTime = formatTime(now)
  const failed = {
    type: nodeError,
    status: 'True',
    lastTransitionTime,
    message: `failed to expand pvc with ${message}`,
  }
  return {
    conditions: told ? conditions : [...others, failed],
    ...(infeasible && { allocatedResourceStatuses: { storage: 'NodeResizeInfeasible' } }),
  }
}

/** The merge patch by which the claim is as large as its volume, and nothing of the growth is left to do. */
// pkg/volume/util/resize_util.go MarkFSResizeFinished
export function grownStatus({ spec }: PersistentVolume, { status }: PersistentVolumeClaim): object {
  const passing = ['Resizing', 'FileSystemResizePending', 'ControllerResizeError', nodeError]
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

/** What became of growing volumes before, by their handles. */
export interface ExpandMemory {
  /** Not to be tried again while they are here. */
  inUse: Set<string>
  failed: Set<string>
}

export interface ExpandOptions {
  objects: ObjectSource
  recorder: Recorder
  nodeName: string
  clock: Clock
}

/** Has the driver make the file system as large as the volume is, and tells the claim. Rejects with why that fails. */
// pkg/volume/csi/expander.go NodeExpand, operation_generator.go nodeExpandVolume, node_expander.go expandOnPlugin
export async function expandOnNode(
  { objects, recorder, nodeName, clock }: ExpandOptions,
  memory: ExpandMemory,
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
  // whoever grows volumes knows that there is nothing to do here
  if (!can.has('EXPAND_VOLUME')) return
  const { volumeHandle, nodeExpandSecretRef: ref } = volume.source
  const secrets = ref
    ? await credentials(objects, ref, signal).catch((error: unknown) => {
        const why = (error as Error).message
        const name = `${ref.namespace ?? ''}/${ref.name ?? ''}`
        throw new Error(`expander.NodeExpand failed to get NodeExpandSecretRef ${name}: ${why}`)
      })
    : {}
  const size = volume.volume.spec.capacity?.['storage'] ?? '0'
  const request = {
    volume_id: volumeHandle,
    volume_path: place,
    capacity_range: { required_bytes: String(parseQuantity(size).value()) },
    staging_target_path: staging,
    volume_capability: volumeCapability(volume, can),
    secrets,
  }
  const told = growthOf(volume.volume, claim) === 'told'
  if (told) {
    await objects.patchClaimStatus(claim, { allocatedResourceStatuses: { storage: 'NodeResizeInProgress' } }, signal)
  }
  try {
    await driver.expand(request, signal)
  } catch (error) {
    signal.throwIfAborted()
    const { message, final, inUse, infeasible } = expandFailure(error)
    if (told && final) {
      // somebody wants another size by now, which is another's to decide
      const other = parseQuantity(claim.spec.resources?.requests?.['storage'] ?? size).cmp(parseQuantity(size)) !== 0
      const hopeless = infeasible || (other && memory.failed.has(volumeHandle))
      memory.failed.add(volumeHandle)
      await objects.patchClaimStatus(claim, failedStatus(claim, message, hopeless, clock.now()), signal)
    }
    if (!inUse) throw new Error(message)
    memory.inUse.add(volumeHandle)
    return
  }
  memory.failed.delete(volumeHandle)
  tell('Normal', 'FileSystemResizeSuccessful', `MountVolume.NodeExpandVolume succeeded ${of} ${nodeName}`)
  await objects.patchClaimStatus(claim, grownStatus(volume.volume, claim), signal)
}

function claimReference({ metadata }: PersistentVolumeClaim): ObjectReference {
  const { name = '', namespace = '', uid = '' } = metadata
  return { apiVersion: 'v1', kind: persistentVolumeClaims.kind, name, namespace, uid }
}
