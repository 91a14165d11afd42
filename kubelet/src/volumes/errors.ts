/** One volume of a Pod could not be set up; the message is that of the event. */
// pkg/volume/util/operationexecutor/operation_executor.go VolumeToMount.GenerateError
export class VolumeError extends Error {
  /** The reason of the event. */
  readonly reason: string

  /** @param operation what failed, as upstream names it: `MountVolume.SetUp` */
  constructor(operation: string, volume: string, message: string) {
    const what = operation.includes(' failed') ? operation : `${operation} failed`
    super(`${what} for volume "${volume}" : ${message}`)
    this.name = 'VolumeError'
    this.reason = operation.startsWith('MapVolume') ? 'FailedMapVolume' : 'FailedMount'
  }
}

/** It is not known yet what one volume of a Pod is: its claim is not bound, for example. */
// pkg/kubelet/volumemanager/volume_manager.go WaitForAttachAndMount
export class VolumeProcessError extends Error {
  readonly reason = 'FailedMount'

  constructor(volume: string, message: string) {
    const about = `unmounted volumes=[${volume}], unattached volumes=[], failed to process volumes=[${volume}]`
    super(`Unable to attach or mount volumes: ${about}: ${message}`)
    this.name = 'VolumeProcessError'
  }
}

/** A volume is not attached to the node yet: nothing is wrong until that takes too long. */
export class VolumeWait extends Error {
  readonly reason = 'FailedMount'

  constructor(volume: string) {
    const about = `unmounted volumes=[${volume}], unattached volumes=[${volume}], failed to process volumes=[]`
    super(`Unable to attach or mount volumes: ${about}: context deadline exceeded`)
    this.name = 'VolumeWait'
  }
}

/** Whether the message is complete, with the volume's name and what failed. */
export const isVolumeError = (error: unknown): error is VolumeError | VolumeProcessError | VolumeWait =>
  error instanceof VolumeError || error instanceof VolumeProcessError || error instanceof VolumeWait
