import type { PersistentVolume, PersistentVolumeClaim } from '@kubets/shared/api/types/core-v1.ts'
import type { VolumeAttributesClass } from '@kubets/shared/api/types/storage-v1.ts'
import { protection, type ProtectionAction } from '../protection.ts'

export const finalizer = 'kubernetes.io/vac-protection'

/** What to do with a class of volume attributes, given whether claims or volumes name it. */
// pkg/controller/volume/vacprotection/vac_protection_controller.go processVAC
export const plan = (attributesClass: VolumeAttributesClass, isUsed: () => boolean): ProtectionAction =>
  protection(attributesClass, finalizer, isUsed)

/** The classes that a claim wants, has, or is on its way to. */
// pkg/controller/volume/vacprotection/vac_protection_controller.go getPVCReferencedVACNames
export const classesOfClaim = ({ spec, status }: PersistentVolumeClaim): string[] => {
  const { currentVolumeAttributesClassName, modifyVolumeStatus } = status ?? {}
  const target = modifyVolumeStatus?.targetVolumeAttributesClassName
  return [...new Set([spec.volumeAttributesClassName, currentVolumeAttributesClassName, target].filter(isName))]
}

/** The class of a volume, if it has one. */
export const classesOfVolume = ({ spec }: PersistentVolume): string[] => [spec.volumeAttributesClassName].filter(isName)

const isName = (name: string | undefined): name is string => name !== undefined && name !== ''
