import { storageClasses } from '@kubets/shared/api/resources.gen.ts'
import type { PersistentVolumeClaim } from '@kubets/shared/api/types/core-v1.ts'
import { defaultClassMarks, hasClass } from '@kubets/shared/api/volume-binding.ts'
import type { Lookup } from '../auth/lookup.ts'
import { newestDefault } from '@kubets/shared/api/newest-default.ts'
import { isAbout, type Plugin } from './plugin.ts'

// plugin/pkg/admission/storage/storageclass/setdefault/admission.go claimDefaulterPlugin.Admit
/** A claim that says nothing of its class gets the default one. */
export function defaultStorageClass(lookup: Lookup): Plugin {
  return {
    mutate({ operation, kind, subresource, object }) {
      if (operation !== 'CREATE' || subresource !== '' || !isAbout(kind, '', 'persistentvolumeclaims')) return
      const claim = object as PersistentVolumeClaim
      if (hasClass(claim)) return
      const found = newestDefault(lookup.list(storageClasses), ...defaultClassMarks)
      if (found) claim.spec = { ...claim.spec, storageClassName: found.metadata.name ?? '' }
    },
  }
}
