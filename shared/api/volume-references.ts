import type { ObjectReference, PersistentVolume, SecretReference } from './types/core-v1.ts'

/** A Secret by name, in a namespace that need not be its user's. */
export interface NamedSecret {
  readonly namespace: string
  readonly name: string
}

/** The Secrets that a kubelet needs for a volume; those that are for controllers alone are not among them. */
// pkg/api/v1/persistentvolume/util.go VisitPVSecretNames, kubeletVisible
export function volumeSecrets({ spec }: PersistentVolume): NamedSecret[] {
  const { azureFile, cephfs, cinder, flexVolume, rbd, scaleIO, iscsi, storageos, csi } = spec
  const ofClaim = spec.claimRef?.namespace ?? ''
  const own: (SecretReference | ObjectReference | undefined)[] = [
    storageos?.secretRef,
    cinder?.secretRef,
    csi?.nodePublishSecretRef,
    csi?.nodeStageSecretRef,
    csi?.nodeExpandSecretRef,
  ]
  const others = [cephfs, flexVolume, rbd, scaleIO, iscsi].map((source) => source?.secretRef)
  const azure = azureFile && { namespace: azureFile.secretNamespace, name: azureFile.secretName }
  return [
    ...own.map((ref) => ({ namespace: ref?.namespace ?? '', name: ref?.name ?? '' })),
    ...[...others, azure].map((ref) => ({ namespace: ref?.namespace || ofClaim, name: ref?.name ?? '' })),
  ].filter(({ name }) => name !== '')
}
