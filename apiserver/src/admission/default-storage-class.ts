import { storageClasses } from '@kubets/shared/api/resources.gen.ts'
import type { PersistentVolumeClaim } from '@kubets/shared/api/types/core-v1.ts'
import type { Lookup } from '../auth/lookup.ts'
import { newestDefault } from './newest-default.ts'
import { isAbout, type Plugin } from './plugin.ts'

/** Before there was a field for it. */
const betaClass = 'volume.beta.kubernetes.io/storage-class'

// plugin/pkg/admission/storage/storageclass/setdefault/admission.go claimDefaulterPlugin.Admit
/** A claim that says nothing of its class gets the default one. */
export function defaultStorageClass(lookup: Lookup): Plugin {
  return {
    mutate({ operation, kind, subresource, object }) {
      if (operation !== 'CREATE' || subresource !== '' || !isAbout(kind, '', 'persistentvolumeclaims')) return
      const claim = object as PersistentVolumeClaim
      if (claim.spec?.storageClassName !== undefined || claim.metadata.annotations?.[betaClass] !== undefined) return
      const found = newestDefault(
        lookup.list(storageClasses),
        'storageclass.kubernetes.io/is-default-class',
        'storageclass.beta.kubernetes.io/is-default-class',
      )
      if (found) claim.spec = { ...claim.spec, storageClassName: found.metadata.name ?? '' }
    },
  }
}
