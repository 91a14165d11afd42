import { newestDefault } from '@kubets/shared/api/newest-default.ts'
import type { PersistentVolume, PersistentVolumeClaim } from '@kubets/shared/api/types/core-v1.ts'
import type { StorageClass } from '@kubets/shared/api/types/storage-v1.ts'
import {
  bindCompleted,
  boundByController,
  claimClass,
  defaultClassMarks,
  findVolume,
  hasClass,
  isBoundTo,
  isDelayed,
  mismatch,
  selectedNode,
} from '@kubets/shared/api/volume-binding.ts'
import { objectKey } from '@kubets/shared/machinery/object.ts'
import { migrated } from '@kubets/shared/api/csi-migration.ts'

export interface ClaimEvent {
  readonly type: 'Normal' | 'Warning'
  readonly reason: string
  readonly message: string
}

/** What is to be done about a claim. */
export type ClaimPlan =
  | { readonly step: 'bind'; readonly volume: PersistentVolume }
  /** Nothing fits yet: the claim is Pending, and the event says what for. */
  | { readonly step: 'wait'; readonly event?: ClaimEvent }
  | { readonly step: 'assign-class'; readonly name: string }
  | { readonly step: 'provision'; readonly provisioner: string }
  /** It cannot get a volume as things are; its status stays as it is. */
  | { readonly step: 'refuse'; readonly event: ClaimEvent; readonly error?: string }
  | { readonly step: 'lose'; readonly event: ClaimEvent }

/** What a claim's plan depends on. */
export interface ClaimWorld {
  readonly volumes: readonly PersistentVolume[]
  readonly classes: readonly StorageClass[]
  /** The names of the Pods that use the claim and have no node yet. */
  readonly waitingPods: readonly string[]
}

const normal = (reason: string, message: string): ClaimEvent => ({ type: 'Normal', reason, message })
const warning = (reason: string, message: string): ClaimEvent => ({ type: 'Warning', reason, message })

/** What becomes of a claim. */
// pkg/controller/volume/persistentvolume/pv_controller.go syncClaim
export function planClaim(claim: PersistentVolumeClaim, world: ClaimWorld): ClaimPlan {
  if (claim.metadata.annotations?.[bindCompleted] !== undefined) return planBound(claim, world)
  return claim.spec.volumeName ? planNamed(claim, world) : planUnbound(claim, world)
}

/** A claim that takes any volume that fits. */
// pkg/controller/volume/persistentvolume/pv_controller.go syncUnboundClaim
function planUnbound(claim: PersistentVolumeClaim, { volumes, classes, waitingPods }: ClaimWorld): ClaimPlan {
  const className = claimClass(claim)
  const storageClass = classes.find(({ metadata }) => metadata.name === className)
  const delayed = isDelayed(storageClass)
  const volume = findVolume(claim, volumes, { onlyBound: delayed })
  if (volume !== undefined) return { step: 'bind', volume }
  const assigned = hasClass(claim) ? undefined : newestDefault(classes, ...defaultClassMarks)
  if (assigned !== undefined) return { step: 'assign-class', name: assigned.metadata.name ?? '' }
  if (delayed && claim.metadata.annotations?.[selectedNode] === undefined)
    return { step: 'wait', event: waitingFor(waitingPods) }
  if (className !== '') return planProvisioning(className, storageClass)
  const message = 'no persistent volumes available for this claim and no storage class is set'
  return { step: 'wait', event: normal('FailedBinding', message) }
}

// pkg/controller/volume/persistentvolume/pv_controller.go emitEventForUnboundDelayBindingClaim
function waitingFor(pods: readonly string[]): ClaimEvent {
  if (pods.length === 0)
    return normal('WaitForFirstConsumer', 'waiting for first consumer to be created before binding')
  const names = `${pods.length > 1 ? 'pods' : 'pod'} ${pods.join(',')}`
  return normal('WaitForPodScheduled', `waiting for ${names} to be scheduled`)
}

/** Volumes are made by others: a name in Kubernetes' own domain that nobody took over makes none. */
// pkg/controller/volume/persistentvolume/pv_controller.go provisionClaim, findProvisionablePlugin
function planProvisioning(className: string, storageClass: StorageClass | undefined): ClaimPlan {
  if (storageClass === undefined) {
    const message = `storageclass.storage.k8s.io ${JSON.stringify(className)} not found`
    return { step: 'refuse', event: warning('ProvisioningFailed', message) }
  }
  const { provisioner } = storageClass
  if (migrated.has(provisioner)) return { step: 'provision', provisioner: migrated.get(provisioner) ?? '' }
  if (!provisioner.startsWith('kubernetes.io/')) return { step: 'provision', provisioner }
  const message = `no volume plugin matched name: ${provisioner}`
  return { step: 'refuse', event: warning('ProvisioningFailed', message) }
}

/** A claim that names its volume. */
// pkg/controller/volume/persistentvolume/pv_controller.go syncUnboundClaim
function planNamed(claim: PersistentVolumeClaim, { volumes }: ClaimWorld): ClaimPlan {
  const volume = volumes.find(({ metadata }) => metadata.name === claim.spec.volumeName)
  if (volume === undefined) return { step: 'wait' }
  const quoted = JSON.stringify(volume.metadata.name)
  const claimRef = volume.spec.claimRef
  if (claimRef === undefined) {
    const why = mismatch(volume, claim)
    if (why === undefined) return { step: 'bind', volume }
    return { step: 'wait', event: warning('VolumeMismatch', `Cannot bind to requested volume ${quoted}: ${why}`) }
  }
  if (isBoundTo(volume, claim)) return { step: 'bind', volume }
  const event = warning('FailedBinding', `volume ${quoted} already bound to a different claim.`)
  if (claim.metadata.annotations?.[boundByController] === undefined) return { step: 'wait', event }
  const other = `${claimRef.namespace ?? ''}/${claimRef.name ?? ''}`
  const error = `invalid binding of claim ${JSON.stringify(objectKey(claim))} to volume ${quoted}: volume already claimed by ${JSON.stringify(other)}`
  return { step: 'refuse', event, error }
}

/** A claim that was bound: it stays so, or is lost. */
// pkg/controller/volume/persistentvolume/pv_controller.go syncBoundClaim
function planBound(claim: PersistentVolumeClaim, { volumes }: ClaimWorld): ClaimPlan {
  const lost = (reason: string, message: string): ClaimPlan => ({ step: 'lose', event: warning(reason, message) })
  const { volumeName } = claim.spec
  if (!volumeName)
    return lost('ClaimLost', 'Bound claim has lost reference to PersistentVolume. Data on the volume is lost!')
  const volume = volumes.find(({ metadata }) => metadata.name === volumeName)
  if (volume === undefined)
    return lost('ClaimLost', 'Bound claim has lost its PersistentVolume. Data on the volume is lost!')
  const { claimRef } = volume.spec
  if (claimRef === undefined || claimRef.uid === claim.metadata.uid) return { step: 'bind', volume }
  return lost('ClaimMisbound', 'Two claims are bound to the same volume, this one is bound incorrectly')
}
