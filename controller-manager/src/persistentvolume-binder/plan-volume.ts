import type { PersistentVolume, PersistentVolumeClaim } from '@kubets/shared/api/types/core-v1.ts'
import { boundByController, isOtherMode, provisionedBy } from '@kubets/shared/api/volume-binding.ts'

/** What is to be done about a volume. */
export type VolumePlan =
  | { readonly step: 'phase'; readonly phase: 'Available' | 'Bound' }
  /** Its claim is gone, or has another volume: what its reclaim policy says. */
  | { readonly step: 'reclaim' }
  /** The claim does not know of it yet. */
  | { readonly step: 'look-at-claim' }
  | { readonly step: 'mismatch'; readonly onVolume: string; readonly onClaim: string }
  | { readonly step: 'unbind' }

/** What becomes of a volume; `claim` is the one that it points at by name and uid, if that is there. */
// pkg/controller/volume/persistentvolume/pv_controller.go syncVolume
export function planVolume(volume: PersistentVolume, claim: PersistentVolumeClaim | undefined): VolumePlan {
  // one without a uid was written by a user, and is for the claim to take up
  if (!volume.spec.claimRef?.uid) return { step: 'phase', phase: 'Available' }
  if (claim === undefined) return { step: 'reclaim' }
  const { volumeName } = claim.spec
  if (!volumeName) {
    if (!isOtherMode(volume, claim)) return { step: 'look-at-claim' }
    const [volumeQuoted, claimQuoted] = [JSON.stringify(volume.metadata.name), JSON.stringify(claim.metadata.name)]
    return {
      step: 'mismatch',
      onVolume: `Cannot bind PersistentVolume to requested PersistentVolumeClaim ${claimQuoted} due to incompatible volumeMode.`,
      onClaim: `Cannot bind PersistentVolume ${volumeQuoted} to requested PersistentVolumeClaim due to incompatible volumeMode.`,
    }
  }
  if (volumeName === volume.metadata.name) return { step: 'phase', phase: 'Bound' }
  const wasMade = volume.metadata.annotations?.[provisionedBy] !== undefined
  return wasMade && volume.spec.persistentVolumeReclaimPolicy === 'Delete' ? { step: 'reclaim' } : { step: 'unbind' }
}

/** Whether a volume is to be marked Released before it is reclaimed; one that failed stays so, for its user to see. */
export const isToRelease = ({ status }: PersistentVolume): boolean =>
  status?.phase !== 'Released' && status?.phase !== 'Failed'

/** The volume without the claim: what a controller wrote goes, what a user wrote stays but for the uid. */
// pkg/controller/volume/persistentvolume/pv_controller.go unbindVolume
export function unbound(volume: PersistentVolume): PersistentVolume {
  const { metadata, spec } = volume
  const { [boundByController]: byController, ...annotations } = metadata.annotations ?? {}
  if (byController !== undefined)
    return { ...volume, metadata: { ...metadata, annotations }, spec: { ...spec, claimRef: undefined } }
  return { ...volume, spec: { ...spec, claimRef: { ...spec.claimRef, uid: undefined } } }
}

/** Who deletes what is behind a volume. */
export type Deleter =
  { readonly by: 'others' } | { readonly by: 'host-path'; readonly path: string } | { readonly error: string }

// pkg/volume/hostpath/host_path.go hostPathDeleter.Delete
const deletable = /^\/tmp\/.+/

/** Who deletes what is behind a volume: its provisioner, or this program where the volume is a folder below /tmp. */
// pkg/controller/volume/persistentvolume/pv_controller.go findDeletablePlugin
export function deleterOf({ metadata, spec }: PersistentVolume): Deleter {
  const provisioner = metadata.annotations?.[provisionedBy] ?? ''
  if (provisioner !== '' && provisioner !== 'kubernetes.io/host-path') {
    if (!provisioner.startsWith('kubernetes.io/')) return { by: 'others' }
    return { error: `no volume plugin matched name: ${provisioner}` }
  }
  if (spec.hostPath === undefined) {
    const name = JSON.stringify(metadata.name)
    return { error: `error getting deleter volume plugin for volume ${name}: no deletable volume plugin matched` }
  }
  const { path } = spec.hostPath
  if (deletable.test(path)) return { by: 'host-path', path }
  return { error: `host_path deleter only supports /tmp/.+ but received provided ${path}` }
}
