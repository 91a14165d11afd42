import type { VolumeId } from '@kubets/shared/api/csi-volumes.ts'

// pkg/kubelet/events/event.go
const reasons: Readonly<Record<string, string>> = {
  MapVolume: 'FailedMapVolume',
  NodeExpandVolume: 'VolumeResizeFailed',
}

/** What was to be done with one volume of a Pod failed; the message is that of the event. */
// pkg/volume/util/operationexecutor/operation_executor.go VolumeToMount.GenerateError
export class VolumeError extends Error {
  /** The reason of the event. */
  readonly reason: string

  /** @param operation what failed, as upstream names it: `MountVolume.SetUp` */
  constructor(operation: string, volume: string, message: string) {
    const what = operation.includes(' failed') ? operation : `${operation} failed`
    super(`${what} for volume "${volume}" : ${message}`)
    this.name = 'VolumeError'
    this.reason = reasons[operation.split('.')[0] ?? ''] ?? 'FailedMount'
  }
}

/** It is not known yet what one volume of a Pod is: its claim is not bound, for example. The message says why. */
// pkg/kubelet/volumemanager/populator/desired_state_of_world_populator.go processPodVolumes
export class VolumeProcessError extends Error {
  override readonly name = 'VolumeProcessError'
}

/** A volume is not attached to the node yet: nothing is wrong, and who attaches it tells what goes wrong with that. */
export class VolumeWait extends Error {
  override readonly name = 'VolumeWait'
  readonly id: VolumeId

  constructor(id: VolumeId) {
    super('volume not attached according to node status')
    this.id = id
  }
}

/** Why a Pod does not have a volume, which has this name in its spec. */
export interface VolumeFailure {
  volume: string
  error: VolumeError | VolumeProcessError | VolumeWait
}

/** Not all volumes of a Pod are there. The message is that of the first event, or says what is waited for. */
export class VolumesError extends Error {
  readonly failures: readonly VolumeFailure[]

  constructor(failures: readonly VolumeFailure[]) {
    super(volumeEvents(failures)[0]?.message ?? about(failures))
    this.name = 'VolumesError'
    this.failures = failures
  }
}

/**
 * The events that tell of these failures: one for each volume that something went wrong with, one for all of which it is
 * not known what they are, and none for those that only wait.
 */
// pkg/kubelet/kubelet.go SyncPod: what WaitForAttachAndMount says is told unless it says that time is over
export function volumeEvents(failures: readonly VolumeFailure[]): { reason: string; message: string }[] {
  const events = failures.flatMap(({ error }) =>
    error instanceof VolumeError ? [{ reason: error.reason, message: error.message }] : [],
  )
  const unknown = failures.filter(({ error }) => error instanceof VolumeProcessError)
  if (unknown.length === 0) return events
  const why = [...new Set(unknown.map(({ error }) => error.message))].sort()
  const message = `Unable to attach or mount volumes: ${about(failures)}: ${why.join('; ')}`
  return [...events, { reason: 'FailedMount', message }]
}

/** What is said of a Pod whose node takes no more volumes. */
// pkg/kubelet/volumemanager/volume_manager.go VolumeAttachLimitExceededError
export const attachLimitMessage = (failures: readonly VolumeFailure[]): string =>
  `Node has reached its volume attachment limit, rejecting pod. ${about(failures)}: context deadline exceeded`

// pkg/kubelet/volumemanager/volume_manager.go WaitForAttachAndMount
function about(failures: readonly VolumeFailure[]): string {
  const names = (of: readonly VolumeFailure[]): string => `[${of.map(({ volume }) => volume).sort().join(' ')}]` // prettier-ignore
  const unattached = failures.filter(({ error }) => error instanceof VolumeWait)
  const unknown = failures.filter(({ error }) => error instanceof VolumeProcessError)
  return `unmounted volumes=${names(failures)}, unattached volumes=${names(unattached)}, failed to process volumes=${names(unknown)}`
}
