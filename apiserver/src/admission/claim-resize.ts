import { storageClasses } from '@kubets/shared/api/resources.gen.ts'
import type { PersistentVolumeClaim } from '@kubets/shared/api/types/core-v1.ts'
import { parseQuantity } from '@kubets/shared/machinery/quantity.ts'
import type { Lookup } from '../auth/lookup.ts'
import { isAbout, refuse, type Plugin } from './plugin.ts'

// plugin/pkg/admission/storage/persistentvolume/resize/admission.go persistentVolumeClaimResize.Validate
/** A claim grows only when it has its volume, and its class can make volumes grow. */
export function claimResize(lookup: Lookup): Plugin {
  return {
    async validate(request) {
      const { operation, kind, subresource, object, old } = request
      if (operation !== 'UPDATE' || subresource !== '' || !isAbout(kind, '', 'persistentvolumeclaims')) return
      const claim = object as PersistentVolumeClaim
      const before = old as PersistentVolumeClaim
      if (!grows(claim, before)) return
      if (before.status?.phase !== 'Bound') {
        throw refuse(request, 'Only bound persistent volume claims can be expanded')
      }
      const name = classOf(claim)
      const found = name && name === classOf(before) ? await lookup.get(storageClasses, name) : undefined
      if (found?.allowVolumeExpansion !== true) {
        const text =
          'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize'
        throw refuse(request, text)
      }
    },
  }
}

const classOf = ({ metadata, spec }: PersistentVolumeClaim): string =>
  metadata.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? spec?.storageClassName ?? ''

export function grows(claim: PersistentVolumeClaim, before: PersistentVolumeClaim): boolean {
  const size = ({ spec }: PersistentVolumeClaim) => parseQuantity(spec?.resources?.requests?.['storage'] ?? '0')
  return size(claim).cmp(size(before)) > 0
}
