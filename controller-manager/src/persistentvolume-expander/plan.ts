import type { PersistentVolume, PersistentVolumeClaim } from '@kubets/shared/api/types/core-v1.ts'
import { parseQuantity, quantityOf, type Quantity } from '@kubets/shared/machinery/quantity.ts'
import { migrated } from '@kubets/shared/api/csi-migration.ts'

/** On a claim: the CSI driver whose resizer is to make its volume larger. */
// pkg/volume/util/resize_util.go SetClaimResizer
export const resizer = 'volume.kubernetes.io/storage-resizer'

// pkg/volume/*: the source of a volume says whose it was
const migratedSources: ReadonlyMap<keyof PersistentVolume['spec'], string> = new Map([
  ['awsElasticBlockStore', 'kubernetes.io/aws-ebs'],
  ['azureDisk', 'kubernetes.io/azure-disk'],
  ['azureFile', 'kubernetes.io/azure-file'],
  ['cinder', 'kubernetes.io/cinder'],
  ['gcePersistentDisk', 'kubernetes.io/gce-pd'],
  ['portworxVolume', 'kubernetes.io/portworx-volume'],
  ['vsphereVolume', 'kubernetes.io/vsphere-volume'],
])

export interface Expansion {
  readonly message: string
  /** The driver to write on the claim; undefined where its own resizer knows the volume. */
  readonly resizer?: string
}

/** Who makes the claim's volume larger: always somebody outside. Undefined when nobody has to. Throws when it is not the claim's volume. */
// pkg/controller/volume/expand/expand_controller.go syncHandler
export function plan(claim: PersistentVolumeClaim, volume: PersistentVolume): Expansion | undefined {
  const { namespace = '', name = '', uid } = claim.metadata
  const { claimRef } = volume.spec
  if (claimRef?.namespace !== namespace || claimRef.uid !== uid)
    throw new Error(`persistent Volume is not bound to PVC being updated : ${namespace}/${name}`)
  if (!wantsMore(claim)) return undefined
  const source = [...migratedSources].find(([field]) => volume.spec[field] !== undefined)?.[1]
  if (source === undefined) return { message: 'waiting for an external controller to expand this PVC' }
  const message = `CSI migration enabled for ${source}; waiting for external resizer to expand the pvc`
  return { message, resizer: migrated.get(source) }
}

/** Whether a claim has to be looked at again after this change. */
// pkg/controller/volume/expand/expand_controller.go NewExpandController
export const hasGrown = (old: PersistentVolumeClaim, claim: PersistentVolumeClaim): boolean =>
  requested(claim).cmp(requested(old)) > 0 || given(claim).cmp(given(old)) > 0

const wantsMore = (claim: PersistentVolumeClaim): boolean => requested(claim).cmp(given(claim)) > 0
const requested = ({ spec }: PersistentVolumeClaim): Quantity => storageOf(spec.resources?.requests)
const given = ({ status }: PersistentVolumeClaim): Quantity => storageOf(status?.capacity)
const storageOf = (amounts: Record<string, string> | undefined): Quantity =>
  amounts?.['storage'] === undefined ? quantityOf(0) : parseQuantity(amounts['storage'])
