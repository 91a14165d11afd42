import { parseQuantity, quantityOf, type Quantity } from '../machinery/quantity.ts'
import { labelSelectorFromObject } from '../machinery/selector.ts'
import { controllerOf, type KubeObject } from '../machinery/object.ts'
import type { PersistentVolume, PersistentVolumeClaim, Pod, Volume } from './types/core-v1.ts'
import type { StorageClass } from './types/storage-v1.ts'

/** What a claim and a volume know of each other: the controller that binds them and the scheduler read the same. */

// component-helpers/storage/volume/pv_helpers.go
/** The claim was bound once; without its volume it is lost. */
export const bindCompleted = 'pv.kubernetes.io/bind-completed'
/** The reference was written by a controller, not by a user, and may be taken back. */
export const boundByController = 'pv.kubernetes.io/bound-by-controller'
/** On a volume: the provisioner that made it. */
export const provisionedBy = 'pv.kubernetes.io/provisioned-by'
/** On a claim: the node that the scheduler chose, and for which its volume is to be made. */
export const selectedNode = 'volume.kubernetes.io/selected-node'
/** On a claim: the provisioner that is to make its volume, in the name of today and that of before. */
export const storageProvisioner = 'volume.kubernetes.io/storage-provisioner'
export const betaStorageProvisioner = 'volume.beta.kubernetes.io/storage-provisioner'
/** Before there were fields for it. */
const betaStorageClass = 'volume.beta.kubernetes.io/storage-class'
export const defaultClassMarks = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
] as const

/** The claim that a Pod's volume is of: the one it names, or the one made for it; undefined for another sort of volume. */
// component-helpers/storage/ephemeral/ephemeral.go VolumeClaimName
export function claimNameOf(pod: Pod, { name, persistentVolumeClaim, ephemeral }: Volume): string | undefined {
  if (persistentVolumeClaim) return persistentVolumeClaim.claimName
  return ephemeral && `${pod.metadata.name ?? ''}-${name}`
}

/** Why a claim of the right name is not the one made for the Pod; undefined when it is. */
// component-helpers/storage/ephemeral/ephemeral.go VolumeIsForPod
export function notMadeFor(pod: Pod, claim: PersistentVolumeClaim): string | undefined {
  if (controllerOf(claim)?.uid === pod.metadata.uid) return undefined
  const { namespace = '', name = '' } = claim.metadata
  return `PVC ${namespace}/${name} was not created for pod ${namespace}/${pod.metadata.name ?? ''} (pod is not owner)`
}

/** The class's name, '' without one. */
// component-helpers/storage/volume/helpers.go GetPersistentVolumeClaimClass
export const claimClass = ({ metadata, spec }: PersistentVolumeClaim): string =>
  metadata.annotations?.[betaStorageClass] ?? spec?.storageClassName ?? ''

// component-helpers/storage/volume/helpers.go PersistentVolumeClaimHasClass
export const hasClass = ({ metadata, spec }: PersistentVolumeClaim): boolean =>
  metadata.annotations?.[betaStorageClass] !== undefined || spec?.storageClassName !== undefined

// component-helpers/storage/volume/helpers.go GetPersistentVolumeClass
export const volumeClass = ({ metadata, spec }: PersistentVolume): string =>
  metadata.annotations?.[betaStorageClass] ?? spec?.storageClassName ?? ''

/** Whether the volume points at the claim, by its name alone or by its uid too. */
// component-helpers/storage/volume/pv_helpers.go IsVolumeBoundToClaim
export function isBoundTo(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  const ref = volume.spec?.claimRef
  if (ref?.name !== claim.metadata.name || ref?.namespace !== claim.metadata.namespace) return false
  return !ref?.uid || ref.uid === claim.metadata.uid
}

/** The object with these annotations too; the same object when it has them. */
export function annotated<T extends KubeObject>(object: T, added: Readonly<Record<string, string>>): T {
  const { annotations } = object.metadata
  if (Object.entries(added).every(([key, value]) => annotations?.[key] === value)) return object
  return { ...object, metadata: { ...object.metadata, annotations: { ...annotations, ...added } } }
}

/** The volume pointing at the claim; the same object when it does. */
// component-helpers/storage/volume/pv_helpers.go GetBindVolumeToClaim
export function boundVolume(volume: PersistentVolume, claim: PersistentVolumeClaim): PersistentVolume {
  const bound = isBoundTo(volume, claim)
  if (bound && volume.spec.claimRef?.uid === claim.metadata.uid) return volume
  const { namespace, name, uid, resourceVersion } = claim.metadata
  const claimRef = { kind: 'PersistentVolumeClaim', namespace, name, uid, apiVersion: 'v1', resourceVersion }
  const pointing = { ...volume, spec: { ...volume.spec, claimRef } }
  return bound ? pointing : annotated(pointing, { [boundByController]: 'yes' })
}

/** Whether the claim waits for a Pod to be scheduled. */
// component-helpers/storage/volume/pv_helpers.go IsDelayBindingMode
export const isDelayed = (storageClass: StorageClass | undefined): boolean =>
  storageClass?.volumeBindingMode === 'WaitForFirstConsumer'

const storageOf = (amounts: Record<string, string> | undefined): Quantity =>
  amounts?.['storage'] === undefined ? quantityOf(0) : parseQuantity(amounts['storage'])

/** What the volume holds, at least as much as the claim asks for. */
const isLargeEnough = (volume: PersistentVolume, claim: PersistentVolumeClaim): boolean =>
  storageOf(volume.spec?.capacity).cmp(storageOf(claim.spec?.resources?.requests)) >= 0

// component-helpers/storage/volume/pv_helpers.go CheckVolumeModeMismatches
export const isOtherMode = (volume: PersistentVolume, claim: PersistentVolumeClaim): boolean =>
  (volume.spec?.volumeMode ?? 'Filesystem') !== (claim.spec?.volumeMode ?? 'Filesystem')

// component-helpers/storage/volume/pv_helpers.go CheckAccessModes
const hasAccessModes = (volume: PersistentVolume, claim: PersistentVolumeClaim): boolean =>
  (claim.spec?.accessModes ?? []).every((mode) => volume.spec?.accessModes?.includes(mode) ?? false)

const isOtherAttributesClass = (volume: PersistentVolume, claim: PersistentVolumeClaim): boolean =>
  (volume.spec?.volumeAttributesClassName ?? '') !== (claim.spec?.volumeAttributesClassName ?? '')

/** Why the volume that a claim names does not do for it, in upstream's words; undefined when it does. */
// pkg/controller/volume/persistentvolume/pv_controller.go checkVolumeSatisfyClaim
export function mismatch(volume: PersistentVolume, claim: PersistentVolumeClaim): string | undefined {
  if (volume.metadata.deletionTimestamp !== undefined)
    return `the volume is marked for deletion ${JSON.stringify(volume.metadata.name)}`
  if (!isLargeEnough(volume, claim)) return 'requested PV is too small'
  if (volumeClass(volume) !== claimClass(claim)) return 'storageClassName does not match'
  if (isOtherAttributesClass(volume, claim)) return 'volumeAttributesClassName does not match'
  if (isOtherMode(volume, claim)) return 'incompatible volumeMode'
  if (!hasAccessModes(volume, claim)) return 'incompatible accessMode'
  return undefined
}

export interface Search {
  /** Take only a volume that already points at the claim: the scheduler chooses among the others. */
  readonly onlyBound: boolean
  /** Whether the volume can be used where it is needed; left out by whoever knows no node. */
  readonly reachable?: (volume: PersistentVolume) => boolean
  /** Names of volumes that are spoken for. */
  readonly taken?: ReadonlySet<string>
}

/**
 * The volume for a claim: one that points at it already, or else the smallest that is free and does, among those with
 * the fewest access modes. Undefined when there is none.
 */
// pkg/controller/volume/persistentvolume/index.go findByClaim, component-helpers/storage/volume/pv_helpers.go FindMatchingVolume
export function findVolume(
  claim: PersistentVolumeClaim,
  volumes: readonly PersistentVolume[],
  { onlyBound, reachable, taken }: Search,
): PersistentVolume | undefined {
  const selector = claim.spec?.selector === undefined ? undefined : labelSelectorFromObject(claim.spec.selector)
  const fit = volumes.filter(
    (volume) =>
      !taken?.has(volume.metadata.name ?? '') &&
      hasAccessModes(volume, claim) &&
      !isOtherMode(volume, claim) &&
      !isOtherAttributesClass(volume, claim) &&
      volume.metadata.deletionTimestamp === undefined &&
      isLargeEnough(volume, claim),
  )
  const bound = fit.find((volume) => isBoundTo(volume, claim))
  if (bound !== undefined) return reachable?.(bound) === false ? undefined : bound
  if (onlyBound) return undefined
  return fit
    .filter(
      (volume) =>
        volume.spec?.claimRef === undefined &&
        (selector?.matches(volume.metadata.labels ?? {}) ?? true) &&
        volumeClass(volume) === claimClass(claim) &&
        reachable?.(volume) !== false,
    )
    .sort(
      (a, b) =>
        (a.spec?.accessModes?.length ?? 0) - (b.spec?.accessModes?.length ?? 0) ||
        storageOf(a.spec?.capacity).cmp(storageOf(b.spec?.capacity)),
    )[0]
}
