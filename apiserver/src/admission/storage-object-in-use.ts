import type { Kind } from '@kubets/shared/api/kinds/kind.ts'
import type { Plugin } from './plugin.ts'

const finalizers = new Map([
  ['persistentvolumeclaims', 'kubernetes.io/pvc-protection'],
  ['persistentvolumes', 'kubernetes.io/pv-protection'],
  ['volumeattributesclasses.storage.k8s.io', 'kubernetes.io/vac-protection'],
])

const finalizerOf = ({ group, plural }: Kind): string | undefined =>
  finalizers.get(group === '' ? plural : `${plural}.${group}`)

/** A new claim, volume or class of attributes is kept while something uses it: the controllers for it take the finalizer away. */
// plugin/pkg/admission/storage/storageobjectinuseprotection/admission.go storageProtectionPlugin.Admit
export const storageObjectInUseProtection: Plugin = {
  mutate({ operation, kind, subresource, object }) {
    if (operation !== 'CREATE' || subresource !== '' || !object) return
    const finalizer = finalizerOf(kind)
    const { metadata } = object
    if (finalizer === undefined || metadata.finalizers?.includes(finalizer)) return
    metadata.finalizers = [...(metadata.finalizers ?? []), finalizer]
  },
}
