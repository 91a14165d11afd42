import type { Node, PersistentVolume, PersistentVolumeClaim, Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { StorageClass } from '@kubets/shared/api/types/storage-v1.ts'
import {
  betaStorageProvisioner,
  claimClass,
  isDelayed,
  provisionedBy,
  selectedNode,
  storageProvisioner,
} from '@kubets/shared/api/volume-binding.ts'
import { objectKey } from '@kubets/shared/machinery/object.ts'
import { messageOf } from '../failure.ts'
import type { LocalPath } from '../options.ts'
import { helperPod, makingPod, outcomeOf, volumeOfMaking } from './helper.ts'
import { makeVolume, placeOf, provisioner } from './volume.ts'

/** All that concerns one volume: its name is made of its claim's uid. */
export interface Seen {
  readonly claim: PersistentVolumeClaim | undefined
  readonly volume: PersistentVolume | undefined
  /** The helper Pods that make and remove its folder. */
  readonly creating: Pod | undefined
  readonly removing: Pod | undefined
  readonly storageClass: (name: string) => StorageClass | undefined
  readonly node: (name: string) => Node | undefined
}

interface Told {
  readonly about: PersistentVolumeClaim | PersistentVolume
  readonly type: 'Normal' | 'Warning'
  readonly reason: string
  readonly message: string
}

/** What is to be done next; whatever comes of it brings the volume here again. */
export type Step =
  | { readonly step: 'nothing' }
  | { readonly step: 'start'; readonly pod: Pod; readonly told: readonly Told[] }
  /** A helper works; to look again when its time is over. */
  | { readonly step: 'wait'; readonly ms: number }
  | { readonly step: 'create'; readonly volume: PersistentVolume; readonly told: readonly Told[] }
  | { readonly step: 'delete'; readonly volume: PersistentVolume }
  | { readonly step: 'end'; readonly pod: Pod }
  | Failure

export interface Failure {
  readonly step: 'fail'
  readonly error: string
  readonly told: readonly Told[]
  readonly retry: boolean
  /** A helper that did not do it. */
  readonly ended?: Pod
  /** The claim whose Pod needs another node. */
  readonly unselect?: PersistentVolumeClaim
}

const nothing: Step = { step: 'nothing' }

/** Whether a claim is for this provisioner. */
export const isOurs = ({ metadata: { annotations } }: PersistentVolumeClaim): boolean =>
  (annotations?.[storageProvisioner] ?? annotations?.[betaStorageProvisioner]) === provisioner

/** Whether a volume was made by this provisioner. */
export const isMade = ({ metadata }: PersistentVolume): boolean => metadata.annotations?.[provisionedBy] === provisioner

/** What is to be done about a claim, or the volume that was made for it. */
export function plan(seen: Seen, config: LocalPath, now: number): Step {
  const { claim, volume, creating, removing } = seen
  if (volume !== undefined) {
    if (creating !== undefined && !isGoing(creating)) return { step: 'end', pod: creating }
    return isToDelete(volume) ? planDeletion(volume, seen, config, now) : end(removing)
  }
  if (removing !== undefined) return end(removing)
  if (creating !== undefined) return planVolume(claim, creating, now)
  return claim === undefined ? nothing : planCreation(claim, seen, config)
}

const isGoing = ({ metadata }: Pod): boolean => metadata.deletionTimestamp !== undefined

const end = (pod: Pod | undefined): Step => (pod === undefined || isGoing(pod) ? nothing : { step: 'end', pod })

// sig-storage-lib-external-provisioner controller/controller.go shouldDelete
const isToDelete = ({ metadata, spec, status }: PersistentVolume): boolean =>
  metadata.deletionTimestamp === undefined &&
  status?.phase === 'Released' &&
  spec.persistentVolumeReclaimPolicy === 'Delete'

const whyNot = (className: string, error: string): string =>
  `failed to provision volume with StorageClass ${JSON.stringify(className)}: ${error}`

const failure = (claim: PersistentVolumeClaim | undefined, error: string, more: Partial<Failure> = {}): Failure => {
  const reason = 'ProvisioningFailed'
  const told: Told[] = claim === undefined ? [] : [{ about: claim, type: 'Warning', reason, message: error }]
  return { step: 'fail', error, retry: true, ...more, told: [...(more.told ?? []), ...told] }
}

// sig-storage-lib-external-provisioner controller/controller.go shouldProvision, provisionClaimOperation
function planCreation(claim: PersistentVolumeClaim, seen: Seen, config: LocalPath): Step {
  if (!isOurs(claim) || claim.spec.volumeName) return nothing
  const className = claimClass(claim)
  const storageClass = seen.storageClass(className)
  if (storageClass === undefined)
    return { step: 'fail', error: `storageClass ${JSON.stringify(className)} not found`, told: [], retry: true }
  const nodeName = claim.metadata.annotations?.[selectedNode] ?? ''
  if (isDelayed(storageClass) && nodeName === '') return nothing
  if (claim.spec.volumeMode === 'Block')
    return failure(claim, `${provisioner} does not support block volume provisioning`, { retry: false })
  if (storageClass.provisioner !== provisioner) return nothing
  const node = seen.node(nodeName)
  if (nodeName !== '' && node === undefined)
    return failure(claim, `nodes ${JSON.stringify(nodeName)} not found`, { retry: false, unselect: claim })
  const begun: Told = {
    about: claim,
    type: 'Normal',
    reason: 'Provisioning',
    message: `External provisioner is provisioning volume for claim ${JSON.stringify(objectKey(claim))}`,
  }
  try {
    return {
      step: 'start',
      pod: makingPod(makeVolume(claim, storageClass, node, config.dir), config.image),
      told: [begun],
    }
  } catch (error) {
    return failure(claim, whyNot(className, messageOf(error)), { told: [begun] })
  }
}

/**
 * A helper that works goes on whatever happens to the claim, and whoever leads: where there is a folder there will be a
 * volume, and one that nobody wants any more is deleted as any other.
 */
// sig-storage-lib-external-provisioner controller/controller.go provisionClaimOperation
function planVolume(claim: PersistentVolumeClaim | undefined, creating: Pod, now: number): Step {
  if (isGoing(creating)) return nothing
  const volume = volumeOfMaking(creating)
  if (volume === undefined) return end(creating)
  const name = volume.metadata.name ?? ''
  const outcome = outcomeOf(creating, now)
  if (outcome === 'done') {
    const message = `Successfully provisioned volume ${name}`
    const told: Told[] =
      claim === undefined ? [] : [{ about: claim, type: 'Normal', reason: 'ProvisioningSucceeded', message }]
    return { step: 'create', volume, told }
  }
  if (!('failed' in outcome)) return { step: 'wait', ms: outcome.runsForMs }
  const error = whyNot(volume.spec.storageClassName ?? '', `failed to create volume ${name}: ${outcome.failed}`)
  return failure(claim, error, { ended: creating })
}

// sig-storage-lib-external-provisioner controller/controller.go deleteVolumeOperation
function planDeletion(volume: PersistentVolume, seen: Seen, config: LocalPath, now: number): Step {
  const { removing } = seen
  const name = volume.metadata.name ?? ''
  // rancher/local-path-provisioner provisioner.go deleteFor; what it calls says the same once more
  const failed = (why: string): Step => {
    const message = `failed to delete volume ${name}: failed to delete volume ${name}: ${why}`
    const told: Told = { about: volume, type: 'Warning', reason: 'VolumeFailedDelete', message }
    return { step: 'fail', error: message, told: [told], retry: true, ...(removing && { ended: removing }) }
  }
  try {
    const place = placeOf(volume)
    // the data went with the node
    if (seen.node(place.node) === undefined) return { step: 'delete', volume }
    if (removing === undefined) return { step: 'start', pod: helperPod('delete', name, place, config.image), told: [] }
  } catch (error) {
    return failed(messageOf(error))
  }
  if (isGoing(removing)) return nothing
  const outcome = outcomeOf(removing, now)
  if (outcome === 'done') return { step: 'delete', volume }
  return 'failed' in outcome ? failed(outcome.failed) : { step: 'wait', ms: outcome.runsForMs }
}
